// SPDX-License-Identifier: Apache-2.0
// SwiftPM wants a source file in each C target; all of this one is inline.
#include "text.h"
