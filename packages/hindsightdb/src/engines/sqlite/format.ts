/**
 * The file format: what a store's database holds. `docs/formats/sqlite.md` describes it for people.
 *
 * Appends write to `event` alone, in the order of the log, so that a commit touches few pages whatever the number of streams
 * and tags. What finds events otherwise (by stream, by kind, by tag) is kept in index tables that follow in batches, and the
 * events behind these are found in a memory of each connection, the tail.
 *
 *     event    1 … … … … … … … streams_indexed … … … … … indexed … … head
 *              └── stream_event ──────────┘└── tail ───────────────────┘
 *              └── kind_event, tag_event ────────────────────┘└ looked through ┘
 */

/** Marks the file as a Hindsight store: `HSGT` in ASCII, in the header field that `file` and SQLite tools show. */
export const applicationId = 0x48534754;

/** The version of this format. A file of a higher one is refused; see `docs/formats/sqlite.md` for what changed when. */
export const formatVersion = 1;

/** Everything that a new file gets, one object a statement. */
export const schema: readonly string[] = [
  // One row. `state`: 'open'; 'copying' while events are copied in; 'backup' in a copy that has not been opened for writing.
  `CREATE TABLE log (
     singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
     log_id TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('open', 'copying', 'backup'))
   ) STRICT`,

  // The lives of the log between restores, oldest first. Times here and below are microseconds since 1970.
  `CREATE TABLE epoch (
     ordinal INTEGER PRIMARY KEY,
     epoch TEXT NOT NULL,
     first_position INTEGER NOT NULL,
     began_at INTEGER NOT NULL
   ) STRICT`,

  // The log. Nothing here is ever changed but by a recorded removal, which empties a record.
  `CREATE TABLE event (
     position INTEGER PRIMARY KEY,
     stream_id TEXT NOT NULL,
     version INTEGER NOT NULL,
     recorded_at INTEGER NOT NULL,
     checksum INTEGER NOT NULL,
     record TEXT NOT NULL
   ) STRICT`,

  `CREATE TABLE stream (key INTEGER PRIMARY KEY, stream_id TEXT NOT NULL UNIQUE) STRICT`,
  `CREATE TABLE stream_event (
     stream INTEGER NOT NULL,
     version INTEGER NOT NULL,
     position INTEGER NOT NULL,
     PRIMARY KEY (stream, version)
   ) STRICT, WITHOUT ROWID`,

  // A kind is a category and a type: one index serves queries by either.
  `CREATE TABLE kind (key INTEGER PRIMARY KEY, category TEXT NOT NULL, type TEXT NOT NULL, UNIQUE (category, type)) STRICT`,
  `CREATE INDEX kind_by_type ON kind (type)`,
  `CREATE TABLE kind_event (kind INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (kind, position)) STRICT, WITHOUT ROWID`,

  `CREATE TABLE tag (key INTEGER PRIMARY KEY, tag TEXT NOT NULL UNIQUE) STRICT`,
  `CREATE TABLE tag_event (tag INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (tag, position)) STRICT, WITHOUT ROWID`,

  // 'indexed': the last position in the index tables of kinds and tags. 'streams_indexed': the same of stream_event, which
  // follows in larger batches and may hold rows beyond it; without it, it is at 'indexed'. 'keyed_revision': the last revision
  // given in the keyed store.
  `CREATE TABLE progress (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID`,

  // The newest settings of streams, as recorded in their settings streams. Events before removed_before are emptied.
  `CREATE TABLE stream_settings (
     stream_id TEXT PRIMARY KEY,
     version INTEGER NOT NULL,
     settings TEXT NOT NULL,
     removed_before INTEGER NOT NULL DEFAULT 1
   ) STRICT, WITHOUT ROWID`,

  // Idempotency keys with the first answer.
  `CREATE TABLE append_key (
     key TEXT PRIMARY KEY,
     digest TEXT NOT NULL,
     written TEXT NOT NULL,
     expires_at INTEGER
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX append_key_by_expiry ON append_key (expires_at) WHERE expires_at IS NOT NULL`,

  // The keyed store beside the log: checkpoints, snapshots, leases. Values may be large, so it has rowids.
  `CREATE TABLE keyed (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) STRICT`,

  // Facts are immutable. A trigger before UPDATE and DELETE does not see INSERT OR REPLACE, so inserting at a taken or
  // passed position is refused as well.
  `CREATE TRIGGER event_takes_no_passed_position BEFORE INSERT ON event
   WHEN NEW.position <= (SELECT max(position) FROM event)
   BEGIN SELECT RAISE(ABORT, 'positions are never reused'); END`,
  `CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
   BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END`,
  `CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
   WHEN NOT (
     NEW.position = OLD.position AND NEW.stream_id = OLD.stream_id AND NEW.version = OLD.version
     AND NEW.recorded_at = OLD.recorded_at
     AND json_extract(NEW.record, '$.type') = '$removed'
     AND json_extract(NEW.record, '$.id') = json_extract(OLD.record, '$.id')
     AND EXISTS (SELECT 1 FROM stream_settings WHERE stream_id = OLD.stream_id AND removed_before > OLD.version)
   )
   BEGIN SELECT RAISE(ABORT, 'events are never changed'); END`,

  // For people who open the file with a SQL tool.
  `CREATE VIEW events AS
   SELECT position, stream_id,
     CASE instr(stream_id, '-') WHEN 0 THEN stream_id ELSE substr(stream_id, 1, instr(stream_id, '-') - 1) END AS category,
     version,
     record ->> '$.type' AS type,
     strftime('%Y-%m-%dT%H:%M:%S', recorded_at / 1000000, 'unixepoch') || printf('.%06dZ', recorded_at % 1000000) AS recorded_at,
     record ->> '$.occurredAt' AS occurred_at,
     record -> '$.data' AS data,
     record -> '$.tags' AS tags,
     record -> '$.metadata' AS metadata,
     record ->> '$.id' AS id
   FROM event`,
];

const ownNames = new Set(schema.map((statement) => /^CREATE \w+ (\w+)/.exec(statement)?.[1]));

/**
 * Whether a name is not free for tables, indexes, views and triggers of the user: what the store has, and `hindsight_…`,
 * under which later formats add what they need. SQLite's names know no case.
 */
export function isReservedName(name: string): boolean {
  const lower = name.toLowerCase();
  return ownNames.has(lower) || lower.startsWith('hindsight_');
}
