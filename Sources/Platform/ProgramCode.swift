// SPDX-License-Identifier: Apache-2.0
import CLinux

public enum ProgramCode {
    /// Gives back the pages of machine code that only starting needed (reading the configuration,
    /// compiling policies): half of what an idle server would hold.
    public static func releaseUnused() { linux_release_code() }
}
