// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Gives back the memory that holds the program's own machine code. It is a copy of the file's
/// pages, so nothing is lost: what runs is read in again, mostly from the page cache.
void linux_release_code(void);
