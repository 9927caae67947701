# SPDX-License-Identifier: Apache-2.0
# Answers every check with the same allowance: what is measured is the path around the policy.
package portcullis.authz

default decision := true
