// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What words of SQL do. Case does not matter.
enum StatementWords {
    /// What a statement that begins with `verb` does.
    static func effect(of verb: Bytes) -> Effect {
        if isOne(of: reading, verb) { return .read }
        if isModifying(verb) || isOne(of: writing, verb) { return .write }
        return isOne(of: executing, verb) ? .execute : .unknown
    }

    /// True for verbs that change data wherever a statement may stand in another.
    static func isModifying(_ word: Bytes) -> Bool { isOne(of: modifying, word) }

    /// True for words before a verb that is none: `FOR UPDATE`, `ON DELETE`, `AS insert`.
    static func announcesName(_ word: Bytes) -> Bool {
        word.equalsIgnoringCase("for") || word.equalsIgnoringCase("key")
            || word.equalsIgnoringCase("on") || word.equalsIgnoringCase("as")
    }

    /// What calling `name` does beyond what its statement does; nil for most functions.
    static func effect(ofFunction name: Bytes) -> Effect? {
        if isOne(of: reaching, name) { return .egress }
        return isOne(of: running, name) ? .execute : nil
    }

    // Lists of literals, separated by spaces: one pass, and no table that is made at first use.

    private static let reading: StaticString =
        "select with show describe desc explain values table exists use "
    private static let modifying: StaticString =
        "insert update delete merge replace upsert create alter drop truncate "
    private static let writing: StaticString = """
        pragma rename optimize attach detach exchange undrop grant revoke copy load import \
        export unload vacuum analyze reindex cluster comment lock unlock set reset kill \
        begin start commit rollback savepoint release end abort refresh watch declare fetch \
        close deallocate prepare listen notify checkpoint flush move backup restore handler \
        put remove cache uncache
        """
    private static let executing: StaticString = "call exec execute do system run shutdown install "

    /// Functions and table functions that open connections to somewhere else.
    private static let reaching: StaticString = """
        url urlcluster remote remotesecure s3 s3cluster gcs hdfs hdfscluster azureblobstorage \
        mysql postgresql mongodb redis jdbc odbc sqlite deltalake iceberg hudi dblink dblink_exec \
        dblink_connect openrowset openquery opendatasource http_get http_post http utl_http \
        read_csv read_parquet httpget
        """
    /// Functions that run programs or load code.
    private static let running: StaticString = """
        executable executablepool xp_cmdshell sp_executesql load_extension sys_exec sys_eval \
        lo_import lo_export pg_read_file pg_ls_dir pg_terminate_backend pg_reload_conf load_file
        """

    private static func isOne(of list: StaticString, _ word: Bytes) -> Bool {
        guard !word.isEmpty else { return false }
        let text = Bytes(list)
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x20, text[end] != 0x0A { end += 1 }
            if end - start == word.count, matches(text, start, word) { return true }
            start = end + 1
        }
        return false
    }

    private static func matches(_ text: Bytes, _ start: Int, _ word: Bytes) -> Bool {
        for index in 0..<word.count where ASCII.lower(word[index]) != text[start + index] {
            return false
        }
        return true
    }
}
