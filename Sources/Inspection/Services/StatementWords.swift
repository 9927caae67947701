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

    /// What calling something of the package `name` does (Oracle); nil for most.
    static func effect(ofPackage name: Bytes) -> Effect? {
        if isOne(of: reachingPackages, name) { return .egress }
        return isOne(of: runningPackages, name) ? .execute : nil
    }

    /// True for functions that give rows of what they are given, or of the database's own tables.
    static func isKnownTable(_ name: Bytes) -> Bool { isOne(of: tables, name) }

    /// True for words behind which no table's name comes any more.
    static func endsTables(_ word: Bytes) -> Bool { isOne(of: clauses, word) }

    /// True when a part of a statement may end with `token`, so that a keyword can follow.
    static func endsPart(_ token: StatementScanner.Token) -> Bool {
        switch token {
        case .closing, .name, .literal: true
        case .word(let word): !isOne(of: continuing, word)
        default: false
        }
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
        azureblobstoragecluster cosn oss mysql postgresql mongodb redis jdbc odbc sqlite hive \
        arrowflight ytsaurus deltalake deltalakecluster deltalakes3 deltalakeazure \
        deltalakelocal iceberg icebergcluster icebergs3 icebergs3cluster icebergazure \
        icebergazurecluster iceberghdfs iceberghdfscluster iceberglocal hudi hudicluster paimon \
        paimons3 paimonazure paimonhdfs dblink dblink_exec dblink_connect dblink_connect_u \
        dblink_open dblink_send_query openrowset openquery opendatasource http_get http_post \
        http_put http_patch http_delete http_request utl_http read_csv read_csv_auto read_json \
        read_json_auto read_parquet parquet_scan postgres_scan mysql_scan sqlite_scan \
        iceberg_scan delta_scan read_files httpget httpuritype
        """
    /// Functions that run programs or load code, or reach the server's own files.
    private static let running: StaticString = """
        executable executablepool xp_cmdshell sp_executesql exec execute load_extension \
        sys_exec sys_eval lo_import lo_export lo_get lo_put pg_read_file pg_read_binary_file \
        pg_stat_file pg_ls_dir pg_terminate_backend pg_reload_conf query_to_xml load_file file \
        filecluster read_text read_blob
        """
    private static let reachingPackages: StaticString =
        "utl_http utl_tcp utl_smtp utl_inaddr utl_mail dbms_ldap "
    private static let runningPackages: StaticString =
        "utl_file dbms_scheduler dbms_java dbms_xslprocessor dbms_advisor dbms_sql dbms_job "
    private static let tables: StaticString = """
        generate_series generate_subscripts unnest range sequence generator numbers numbers_mt \
        zeros zeros_mt generaterandom generateseries values view null input format merge \
        dictionary json_each json_tree json_each_text json_array_elements \
        json_array_elements_text json_object_keys json_populate_record json_populate_recordset \
        json_to_record json_to_recordset json_table jsonb_each jsonb_each_text \
        jsonb_array_elements jsonb_array_elements_text jsonb_object_keys jsonb_path_query \
        jsonb_populate_record jsonb_populate_recordset jsonb_to_record jsonb_to_recordset \
        openjson xmltable nodes string_split string_to_table regexp_split_to_table \
        regexp_matches split_to_table flatten explode posexplode explode_outer stack inline \
        result_scan tumble hop session cumulate pragma_table_info
        """
    private static let clauses: StaticString = """
        where group order having limit union intersect except minus window qualify prewhere \
        settings format values set returning connect start
        """
    private static let continuing: StaticString = """
        insert into table function from join as by select where and or on in not using with
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
