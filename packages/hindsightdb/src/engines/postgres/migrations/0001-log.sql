-- The log, what it is found by, the keyed store, and the functions that alone write to them.
-- Described in docs/engines/postgres.md. @schema@ stands for the schema, quoted.

CREATE TABLE @schema@.meta (
  name text PRIMARY KEY,
  value text NOT NULL
);

-- One life of the log between restores. `server` names the cluster, its timeline and the table as they were then.
CREATE TABLE @schema@.epoch (
  number int PRIMARY KEY,
  epoch text NOT NULL,
  first_positions bigint[] NOT NULL,
  began_at bigint NOT NULL,
  server text NOT NULL
);

-- Positions are given under the lock of their partition, in the order of the commits, and never by a sequence. Times are
-- microseconds since 1970. The record is the event as JSON text, to the byte; the columns beside it are what it is found by.
CREATE TABLE @schema@.event (
  partition smallint NOT NULL,
  position bigint NOT NULL,
  version bigint NOT NULL,
  recorded_at bigint NOT NULL,
  is_removed boolean NOT NULL DEFAULT false,
  stream_id text COLLATE "C" NOT NULL,
  category text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  tags text[] NOT NULL,
  record text NOT NULL,
  PRIMARY KEY (partition, position)
);
CREATE UNIQUE INDEX event_of_stream ON @schema@.event (stream_id, version);
CREATE INDEX event_of_category ON @schema@.event (category, partition, position);
CREATE INDEX event_of_type ON @schema@.event (type, partition, position);

-- A tag of an event. Type and reservation stand here too, so that conditions are judged within the index.
CREATE TABLE @schema@.event_tag (
  partition smallint NOT NULL,
  tag text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  type text COLLATE "C" NOT NULL,
  is_reserved boolean NOT NULL,
  PRIMARY KEY (partition, tag, position) INCLUDE (type, is_reserved)
);

-- The newest settings of each stream that has any, and the version of the stream that records them.
CREATE TABLE @schema@.setting (
  stream_id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  settings text NOT NULL,
  is_tombstoned boolean NOT NULL
);

-- The first answer to an append under a key.
CREATE TABLE @schema@.answer (
  key text COLLATE "C" PRIMARY KEY,
  digest text NOT NULL,
  written text NOT NULL,
  expires_at bigint
);
CREATE INDEX answer_by_expiry ON @schema@.answer (expires_at) WHERE expires_at IS NOT NULL;

-- The answers to a group of appends, for the process that sent it and did not hear them.
CREATE TABLE @schema@.sent_group (
  id text COLLATE "C" PRIMARY KEY,
  answers jsonb NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sent_group_by_time ON @schema@.sent_group (written_at);

CREATE TABLE @schema@.keyed (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  revision bigint NOT NULL
) WITH (fillfactor = 70);
CREATE SEQUENCE @schema@.keyed_revision;

-- Facts are immutable: not even the owner changes or deletes an event by mistake. Removal empties records, and says so.
CREATE FUNCTION @schema@.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND current_setting('hindsight.removal', true) = 'on' THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'Events are never changed or deleted.' USING ERRCODE = 'HS009';
END $$;
CREATE TRIGGER event_is_immutable BEFORE UPDATE OR DELETE ON @schema@.event
  FOR EACH ROW EXECUTE FUNCTION @schema@.refuse_change();
CREATE TRIGGER event_stays BEFORE TRUNCATE ON @schema@.event
  FOR EACH STATEMENT EXECUTE FUNCTION @schema@.refuse_change();

-- The first of the two keys of the advisory locks of this log; the second is the partition, or -1 for what stands beside the
-- log. Advisory locks are those of a database, and so is the number of a table.
CREATE FUNCTION @schema@.lock_key() RETURNS int LANGUAGE sql STABLE AS $$
  SELECT ('@schema@.event'::regclass::oid::bigint - 2147483648)::int
$$;

CREATE FUNCTION @schema@.micros() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- Which server this is: a dump that was restored, a copy, or a replica that was promoted has another answer.
CREATE FUNCTION @schema@.server() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system())
    || '/' || CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END
    || '/' || '@schema@.event'::regclass::oid
$$;

CREATE FUNCTION @schema@.heads(p_partitions int) RETURNS bigint[] LANGUAGE sql VOLATILE AS $$
  SELECT array_agg(coalesce((SELECT position FROM @schema@.event e WHERE e.partition = p ORDER BY position DESC LIMIT 1), 0)
    ORDER BY p)
  FROM generate_series(0, p_partitions - 1) p
$$;

-- The time that counts: the server's, or one that is given by whoever owns the log. Times never decrease, so that a time out of
-- the air would spoil those of everything after it.
CREATE FUNCTION @schema@.time_of(p_now bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF p_now IS NULL THEN RETURN @schema@.micros(); END IF;
  IF NOT pg_has_role(session_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = '@schema@.event'::regclass), 'MEMBER') THEN
    RAISE EXCEPTION 'Only the owner of the log may append with a clock of its own.' USING ERRCODE = '42501';
  END IF;
  RETURN p_now;
END $$;

-- Makes the log, where there is none.
CREATE FUNCTION @schema@.create_log_v1(p_log_id text, p_partitions int, p_epoch text, p_now bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(@schema@.lock_key(), -1);
  IF EXISTS (SELECT FROM @schema@.meta WHERE name = 'logId') THEN RETURN; END IF;
  INSERT INTO @schema@.meta VALUES ('logId', p_log_id), ('partitions', p_partitions::text), ('format', '1'), ('state', 'open');
  INSERT INTO @schema@.epoch VALUES
    (1, p_epoch, array_fill(1::bigint, ARRAY[p_partitions]), @schema@.time_of(p_now), @schema@.server());
END $$;

-- Which log it is. Where its history may have been turned back, an epoch is added at its present end; not while it is read
-- only, nor by who may only read.
CREATE FUNCTION @schema@.identity_v1(p_epoch text, p_now bigint) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_server text := @schema@.server();
  v_last record;
  v_partitions int;
BEGIN
  SELECT value::int INTO v_partitions FROM @schema@.meta WHERE name = 'partitions';
  IF v_partitions IS NULL THEN RETURN NULL; END IF;
  SELECT number, server INTO v_last FROM @schema@.epoch ORDER BY number DESC LIMIT 1;
  IF p_epoch IS NOT NULL AND has_function_privilege(session_user, '@schema@.append_v1(text, bigint, int[], boolean, jsonb)', 'EXECUTE')
    AND v_last.server <> v_server AND NOT pg_is_in_recovery() THEN
    FOR i IN 0 .. v_partitions - 1 LOOP PERFORM pg_advisory_xact_lock(@schema@.lock_key(), i); END LOOP;
    PERFORM pg_advisory_xact_lock(@schema@.lock_key(), -1);
    SELECT number, server INTO v_last FROM @schema@.epoch ORDER BY number DESC LIMIT 1;
    IF v_last.server <> v_server THEN
      INSERT INTO @schema@.epoch VALUES (v_last.number + 1, p_epoch,
        (SELECT array_agg(head + 1) FROM unnest(@schema@.heads(v_partitions)) head), @schema@.time_of(p_now), v_server);
    END IF;
  END IF;
  RETURN jsonb_build_object(
    'logId', (SELECT value FROM @schema@.meta WHERE name = 'logId'),
    'format', (SELECT value::int FROM @schema@.meta WHERE name = 'format'),
    'partitionCount', v_partitions,
    'lineage', (SELECT jsonb_agg(jsonb_build_object('epoch', epoch, 'firstPositions', first_positions, 'beganAt', began_at)
      ORDER BY number) FROM @schema@.epoch));
END $$;

-- Text in which facts are filled in that are known only now: an array of texts and of { pending, stream, event }.
CREATE FUNCTION @schema@.filled(p_text jsonb, p_positions bigint[], p_versions bigint[], p_recorded_at bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE jsonb_typeof(p_text) WHEN 'array' THEN coalesce((
    SELECT string_agg(CASE
      WHEN jsonb_typeof(part) = 'string' THEN part #>> '{}'
      WHEN part ->> 'pending' = 'position' THEN (p_positions[(part ->> 'stream')::int + 1] + (part ->> 'event')::int)::text
      WHEN part ->> 'pending' = 'version' THEN (p_versions[(part ->> 'stream')::int + 1] + 1 + (part ->> 'event')::int)::text
      ELSE to_char(timestamp 'epoch' + (p_recorded_at / 1000000) * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS')
        || '.' || lpad((p_recorded_at % 1000000)::text, 6, '0') || 'Z'
      END, '' ORDER BY place)
    FROM jsonb_array_elements(p_text) WITH ORDINALITY AS each(part, place)), '')
  ELSE p_text #>> '{}' END
$$;

CREATE FUNCTION @schema@.write_keyed(p_key text, p_value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_value IS NULL THEN
    DELETE FROM @schema@.keyed WHERE key = p_key;
  ELSE
    INSERT INTO @schema@.keyed VALUES (p_key, p_value, nextval('@schema@.keyed_revision'))
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision;
  END IF;
END $$;

-- Empties the records of a stream before a version: id, tags and a digest remain.
CREATE FUNCTION @schema@.empty_records(p_stream text, p_before bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('hindsight.removal', 'on', true);
  UPDATE @schema@.event SET is_removed = true, record = '{"id":' || to_json(id)::text || ',"type":"$removed"'
    || CASE WHEN cardinality(tags) > 0 THEN ',"tags":' || array_to_json(tags)::text ELSE '' END
    || ',"data":{"type":' || to_json(type)::text || ',"sha256":"' || encode(sha256(convert_to(record, 'UTF8')), 'hex') || '"}}'
  WHERE stream_id = p_stream AND version < p_before AND NOT is_removed;
  PERFORM set_config('hindsight.removal', 'off', true);
END $$;

-- The first event behind a position that a query means: items of { t: types, g: tags }, joined by OR.
CREATE FUNCTION @schema@.first_match(p_partition int, p_after bigint, p_items jsonb) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  v_item jsonb;
  v_types text[];
  v_tags text[];
  v_found bigint;
  v_least bigint;
BEGIN
  FOR v_item IN SELECT value FROM jsonb_array_elements(p_items) LOOP
    v_types := ARRAY(SELECT jsonb_array_elements_text(v_item -> 't'));
    v_tags := ARRAY(SELECT jsonb_array_elements_text(v_item -> 'g'));
    IF cardinality(v_tags) > 0 THEN
      SELECT t.position INTO v_found FROM @schema@.event_tag t
      WHERE t.partition = p_partition AND t.tag = v_tags[1] AND t.position > p_after AND NOT t.is_reserved
        AND (cardinality(v_types) = 0 OR t.type = ANY (v_types))
        AND NOT EXISTS (SELECT FROM unnest(v_tags[2:]) AS other(tag) WHERE NOT EXISTS (
          SELECT FROM @schema@.event_tag o WHERE o.partition = p_partition AND o.tag = other.tag AND o.position = t.position))
      ORDER BY t.position LIMIT 1;
    ELSE
      SELECT first.position INTO v_found FROM unnest(v_types) AS wanted(type) CROSS JOIN LATERAL (
        SELECT e.position FROM @schema@.event e
        WHERE e.type = wanted.type AND e.partition = p_partition AND e.position > p_after AND left(e.stream_id, 1) <> '$'
        ORDER BY e.position LIMIT 1) first
      ORDER BY first.position LIMIT 1;
    END IF;
    v_least := least(v_least, v_found);
  END LOOP;
  RETURN v_least;
END $$;

-- Judges and writes a group of appends, in their order, in one transaction, and answers each. The lock is a statement of its
-- own, so that the next one sees everything that was committed under it.
--
--   p_group       names the group; sent again, it is answered and not written again
--   p_now         the clock of the caller, or NULL for that of the server
--   p_partitions  what is locked, ascending: where the streams lie, and all where there is a condition
--   p_entries     whether there are keys, entries or views, which have a lock of their own
--   p_batches     { s: streams, c: condition, k: [key, digest, expiresAt], w: [[key, value, expectedRevision]], v: views }
--     a stream    { i: id, n: partition, x: expected, p: predecessor, e: [[id, type, tags, record]], f: effect }
--     a condition { q: items, a: [position of each partition] }
--     a view      { k: progress key, w: [[key, value, expectedRevision]] }, key and value as `filled` takes them
CREATE FUNCTION @schema@.append_v1(
  p_group text, p_now bigint, p_partitions int[], p_entries boolean, p_batches jsonb
) RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_lock int := @schema@.lock_key();
  v_partition int;
  v_partitions int;
  v_format text;
  v_state text;
  v_now bigint;
  v_heads bigint[];
  v_times bigint[];
  v_answers jsonb[] := '{}';
  v_known record;
  v_batch jsonb;
  v_stream jsonb;
  v_index int;
  v_row record;
  v_expected jsonb;
  v_conflicts jsonb;
  v_versions bigint[];
  v_positions bigint[];
  v_touched int[];
  v_recorded_at bigint;
  v_count int;
  v_write jsonb;
  v_view jsonb;
  v_stale jsonb;
  v_progress text;
  v_holds boolean;
  v_streams jsonb;
  v_first bigint[];
  v_last_ids text[];
  v_written jsonb;
  v_match bigint;
  v_revision bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'Appends need the isolation level READ COMMITTED.' USING ERRCODE = 'HS001';
  END IF;
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  FOREACH v_partition IN ARRAY p_partitions LOOP PERFORM pg_advisory_xact_lock(v_lock, v_partition); END LOOP;
  IF p_entries THEN PERFORM pg_advisory_xact_lock(v_lock, -1); END IF;

  SELECT answers INTO v_known FROM @schema@.sent_group WHERE id = p_group;
  IF FOUND THEN RETURN v_known.answers; END IF;

  SELECT (SELECT value FROM @schema@.meta WHERE name = 'format'), (SELECT value FROM @schema@.meta WHERE name = 'state'),
    (SELECT value::int FROM @schema@.meta WHERE name = 'partitions') INTO v_format, v_state, v_partitions;
  IF v_format IS DISTINCT FROM '1' THEN
    RAISE EXCEPTION 'The log has the format %, which this code does not write.', v_format USING ERRCODE = 'HS002';
  END IF;

  v_now := @schema@.time_of(p_now);
  v_heads := array_fill(0::bigint, ARRAY[v_partitions]);
  v_times := v_heads;
  FOREACH v_partition IN ARRAY p_partitions LOOP
    SELECT position, recorded_at INTO v_row FROM @schema@.event
    WHERE partition = v_partition ORDER BY position DESC LIMIT 1;
    IF FOUND THEN
      v_heads[v_partition + 1] := v_row.position;
      v_times[v_partition + 1] := v_row.recorded_at;
    END IF;
  END LOOP;

  FOR v_batch IN SELECT value FROM jsonb_array_elements(p_batches) LOOP
    IF v_state <> 'open' AND jsonb_array_length(v_batch -> 's') > 0 THEN
      RAISE EXCEPTION 'Events are being copied into this log; appends are taken when the copy has ended.' USING ERRCODE = 'HS003';
    END IF;

    IF v_batch ? 'k' THEN
      SELECT digest, written INTO v_known FROM @schema@.answer
      WHERE key = v_batch -> 'k' ->> 0 AND (expires_at IS NULL OR expires_at > v_now);
      IF FOUND THEN
        v_answers := v_answers || CASE WHEN v_known.digest = v_batch -> 'k' ->> 1
          THEN jsonb_build_object('kind', 'duplicate', 'written', v_known.written::jsonb)
          ELSE jsonb_build_object('kind', 'keyReused', 'key', v_batch -> 'k' ->> 0) END;
        CONTINUE;
      END IF;
    END IF;

    v_conflicts := '[]';
    v_versions := '{}';
    v_positions := '{}';
    v_touched := '{}';
    v_recorded_at := v_now;
    v_first := v_heads;
    FOR v_stream IN SELECT value FROM jsonb_array_elements(v_batch -> 's') LOOP
      SELECT coalesce(e.version, 0) AS version, e.id, e.partition, coalesce(s.is_tombstoned, false) AS is_tombstoned INTO v_row
      FROM (SELECT 1) AS one
      LEFT JOIN LATERAL (SELECT version, id, partition FROM @schema@.event
        WHERE stream_id = v_stream ->> 'i' ORDER BY version DESC LIMIT 1) e ON true
      LEFT JOIN @schema@.setting s ON s.stream_id = v_stream ->> 'i';
      v_expected := v_stream -> 'x';
      v_count := jsonb_array_length(v_stream -> 'e');
      v_partition := (v_stream ->> 'n')::int;
      IF v_partition <> ALL (p_partitions) OR v_partition <> coalesce(v_row.partition, v_partition) THEN
        RAISE EXCEPTION 'Stream % does not lie in partition %.', v_stream ->> 'i', v_partition USING ERRCODE = 'HS004';
      END IF;
      v_holds := CASE
        WHEN jsonb_typeof(v_expected) = 'number' THEN v_expected = to_jsonb(v_row.version)
        WHEN v_expected = '"none"' THEN v_row.version = 0
        WHEN v_expected = '"exists"' THEN v_row.version > 0 AND NOT v_row.is_tombstoned
        ELSE true END;
      IF v_row.is_tombstoned AND v_count > 0 THEN
        v_conflicts := v_conflicts || jsonb_build_object('kind', 'tombstone', 'streamId', v_stream -> 'i', 'actual', v_row.version);
      ELSIF NOT v_holds OR (v_stream ? 'p' AND v_stream ->> 'p' IS DISTINCT FROM v_row.id) THEN
        v_conflicts := v_conflicts || jsonb_build_object(
          'kind', 'version', 'streamId', v_stream -> 'i', 'expected', v_expected, 'actual', v_row.version);
      END IF;
      v_versions := v_versions || v_row.version;
      v_positions := v_positions || (v_first[v_partition + 1] + 1);
      IF v_count > 0 THEN
        v_first[v_partition + 1] := v_first[v_partition + 1] + v_count;
        v_recorded_at := greatest(v_recorded_at, v_times[v_partition + 1]);
        IF v_partition <> ALL (v_touched) THEN v_touched := v_touched || v_partition; END IF;
      END IF;
    END LOOP;

    IF v_batch ? 'c' THEN
      IF cardinality(p_partitions) <> v_partitions THEN
        RAISE EXCEPTION 'A condition needs the locks of all partitions.' USING ERRCODE = 'HS004';
      END IF;
      FOR i IN 0 .. v_partitions - 1 LOOP
        v_match := @schema@.first_match(i, coalesce((v_batch -> 'c' -> 'a' ->> i)::bigint, 0), v_batch -> 'c' -> 'q');
        IF v_match IS NOT NULL THEN
          v_conflicts := v_conflicts || jsonb_build_object('kind', 'condition', 'partition', i, 'position', v_match, 'eventId',
            (SELECT id FROM @schema@.event WHERE partition = i AND position = v_match));
          EXIT;
        END IF;
      END LOOP;
    END IF;

    FOR v_write IN SELECT value FROM jsonb_array_elements(v_batch -> 'w') LOOP
      IF jsonb_typeof(v_write -> 2) = 'number' THEN
        SELECT revision INTO v_revision FROM @schema@.keyed WHERE key = v_write ->> 0;
        IF coalesce(v_revision, 0) <> (v_write ->> 2)::bigint THEN
          v_conflicts := v_conflicts || jsonb_build_object(
            'kind', 'keyedStore', 'key', v_write -> 0, 'expected', v_write -> 2, 'actual', coalesce(v_revision, 0));
        END IF;
      END IF;
    END LOOP;

    IF v_conflicts <> '[]' THEN
      v_answers := v_answers || jsonb_build_object('kind', 'conflict', 'conflicts', v_conflicts);
      CONTINUE;
    END IF;

    v_stale := '[]';
    FOR v_view IN SELECT value FROM jsonb_array_elements(v_batch -> 'v') LOOP
      SELECT value INTO v_progress FROM @schema@.keyed WHERE key = v_view ->> 'k';
      v_holds := FOUND AND v_progress ~ '^\s*\[\s*\d+(\s*,\s*\d+)*\s*\]\s*$';
      v_holds := v_holds AND jsonb_array_length(v_progress::jsonb) = v_partitions;
      IF v_holds THEN
        FOREACH v_partition IN ARRAY v_touched LOOP
          v_holds := v_holds AND (v_progress::jsonb ->> v_partition)::bigint = v_heads[v_partition + 1];
        END LOOP;
      END IF;
      FOR v_write IN SELECT value FROM jsonb_array_elements(v_view -> 'w') LOOP
        EXIT WHEN NOT v_holds;
        IF jsonb_typeof(v_write -> 2) = 'number' THEN
          v_holds := coalesce((SELECT revision FROM @schema@.keyed
            WHERE key = @schema@.filled(v_write -> 0, v_positions, v_versions, v_recorded_at)), 0) = (v_write ->> 2)::bigint;
        END IF;
      END LOOP;
      IF NOT v_holds AND NOT v_stale ? (v_view ->> 'k') THEN v_stale := v_stale || (v_view -> 'k'); END IF;
    END LOOP;
    IF v_stale <> '[]' THEN
      v_answers := v_answers || jsonb_build_object('kind', 'viewStale', 'progressKeys', v_stale);
      CONTINUE;
    END IF;

    v_streams := '[]';
    v_last_ids := array_fill(NULL::text, ARRAY[v_partitions]);
    v_first := v_heads;
    v_index := 0;
    FOR v_stream IN SELECT value FROM jsonb_array_elements(v_batch -> 's') LOOP
      v_index := v_index + 1;
      v_count := jsonb_array_length(v_stream -> 'e');
      v_partition := (v_stream ->> 'n')::int;
      IF v_count > 0 THEN
        INSERT INTO @schema@.event (partition, position, version, recorded_at, stream_id, category, type, id, tags, record)
        SELECT v_partition, v_heads[v_partition + 1] + place, v_versions[v_index] + place, v_recorded_at, v_stream ->> 'i',
          split_part(v_stream ->> 'i', '-', 1), event ->> 1, event ->> 0,
          ARRAY(SELECT jsonb_array_elements_text(event -> 2)), event ->> 3
        FROM jsonb_array_elements(v_stream -> 'e') WITH ORDINALITY AS each(event, place);
        IF (v_stream ->> 'g')::boolean THEN
          INSERT INTO @schema@.event_tag (partition, tag, position, type, is_reserved)
          SELECT v_partition, tag, v_heads[v_partition + 1] + place, event ->> 1, left(v_stream ->> 'i', 1) = '$'
          FROM jsonb_array_elements(v_stream -> 'e') WITH ORDINALITY AS each(event, place),
            jsonb_array_elements_text(event -> 2) AS tag;
        END IF;
        v_heads[v_partition + 1] := v_heads[v_partition + 1] + v_count;
        v_times[v_partition + 1] := v_recorded_at;
        v_last_ids[v_partition + 1] := v_stream -> 'e' -> (v_count - 1) ->> 0;
      END IF;
      IF v_stream ? 'f' THEN
        -- What is changed about a stream is an event of its own: nothing is hidden or emptied without a trace.
        IF v_count = 0 OR v_stream ->> 'i' <> '$settings-' || (v_stream -> 'f' ->> 'streamId') THEN
          RAISE EXCEPTION 'A change of a stream is recorded in the stream of its settings.' USING ERRCODE = 'HS004';
        END IF;
        IF v_stream -> 'f' ->> 'kind' = 'settings' THEN
          INSERT INTO @schema@.setting VALUES (v_stream -> 'f' ->> 'streamId', v_versions[v_index] + v_count,
            v_stream -> 'f' ->> 'settings', (v_stream -> 'f' ->> 'isTombstoned')::boolean)
          ON CONFLICT (stream_id) DO UPDATE
          SET version = excluded.version, settings = excluded.settings, is_tombstoned = excluded.is_tombstoned;
        ELSE
          PERFORM @schema@.empty_records(v_stream -> 'f' ->> 'streamId', (v_stream -> 'f' ->> 'beforeVersion')::bigint);
        END IF;
      END IF;
      v_streams := v_streams || jsonb_build_object('streamId', v_stream -> 'i', 'partition', v_partition,
        'firstVersion', v_versions[v_index] + 1, 'lastVersion', v_versions[v_index] + v_count);
    END LOOP;

    FOR v_write IN SELECT value FROM jsonb_array_elements(v_batch -> 'w') LOOP
      PERFORM @schema@.write_keyed(v_write ->> 0, v_write ->> 1);
    END LOOP;

    v_written := jsonb_build_object('recordedAt', v_recorded_at, 'streams', v_streams, 'partitions', coalesce((
      SELECT jsonb_agg(jsonb_build_object('partition', p, 'firstPosition', v_first[p + 1] + 1,
        'lastPosition', v_heads[p + 1], 'lastEventId', v_last_ids[p + 1]) ORDER BY place)
      FROM unnest(v_touched) WITH ORDINALITY AS each(p, place)), '[]'));

    FOR v_view IN SELECT value FROM jsonb_array_elements(v_batch -> 'v') LOOP
      SELECT value INTO v_progress FROM @schema@.keyed WHERE key = v_view ->> 'k';
      FOR v_write IN SELECT value FROM jsonb_array_elements(v_view -> 'w') LOOP
        PERFORM @schema@.write_keyed(@schema@.filled(v_write -> 0, v_positions, v_versions, v_recorded_at),
          CASE WHEN jsonb_typeof(v_write -> 1) = 'null' THEN NULL
            ELSE @schema@.filled(v_write -> 1, v_positions, v_versions, v_recorded_at) END);
      END LOOP;
      IF cardinality(v_touched) > 0 THEN
        PERFORM @schema@.write_keyed(v_view ->> 'k', (SELECT '[' || string_agg(CASE WHEN (place - 1)::int = ANY (v_touched)
          THEN v_heads[place]::text ELSE head END, ',' ORDER BY place) || ']'
          FROM jsonb_array_elements_text(v_progress::jsonb) WITH ORDINALITY AS each(head, place)));
      END IF;
    END LOOP;

    IF v_batch ? 'k' THEN
      INSERT INTO @schema@.answer VALUES (v_batch -> 'k' ->> 0, v_batch -> 'k' ->> 1, v_written::text, (v_batch -> 'k' ->> 2)::bigint)
      ON CONFLICT (key) DO UPDATE
      SET digest = excluded.digest, written = excluded.written, expires_at = excluded.expires_at;
    END IF;
    v_answers := v_answers || jsonb_build_object('kind', 'appended', 'written', v_written);
  END LOOP;

  INSERT INTO @schema@.sent_group (id, answers) VALUES (p_group, to_jsonb(v_answers));
  RETURN to_jsonb(v_answers);
END $$;

-- Forgets keys that have expired a day ago, and answers to groups that nobody waits for any more. Returns how many.
CREATE FUNCTION @schema@.forget_expired_v1(p_now bigint, p_limit int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_keys int;
  v_groups int;
BEGIN
  DELETE FROM @schema@.answer WHERE key IN (SELECT key FROM @schema@.answer
    WHERE expires_at < @schema@.time_of(p_now) - 86400000000 LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS v_keys = ROW_COUNT;
  DELETE FROM @schema@.sent_group WHERE id IN (SELECT id FROM @schema@.sent_group
    WHERE written_at < clock_timestamp() - interval '1 hour' ORDER BY written_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS v_groups = ROW_COUNT;
  RETURN v_keys + v_groups;
END $$;

-- Copying a log in, with its ids and times, into an empty one.
CREATE FUNCTION @schema@.begin_copy_v1() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_partitions int := (SELECT value::int FROM @schema@.meta WHERE name = 'partitions');
BEGIN
  FOR i IN 0 .. v_partitions - 1 LOOP PERFORM pg_advisory_xact_lock(@schema@.lock_key(), i); END LOOP;
  IF (SELECT value FROM @schema@.meta WHERE name = 'state') = 'copying' THEN RETURN; END IF;
  IF EXISTS (SELECT FROM @schema@.event) THEN
    RAISE EXCEPTION 'Events can be copied into an empty log only.' USING ERRCODE = 'HS005';
  END IF;
  UPDATE @schema@.meta SET value = 'copying' WHERE name = 'state';
END $$;

--   p_events  [stream id, partition, recordedAt, id, type, tags, record, settings of another stream or null, its id, is tombstoned]
CREATE FUNCTION @schema@.copy_v1(p_events jsonb, p_writes jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_partitions int := (SELECT value::int FROM @schema@.meta WHERE name = 'partitions');
  v_event jsonb;
  v_position bigint;
  v_version bigint;
  v_write jsonb;
BEGIN
  FOR i IN 0 .. v_partitions - 1 LOOP PERFORM pg_advisory_xact_lock(@schema@.lock_key(), i); END LOOP;
  PERFORM pg_advisory_xact_lock(@schema@.lock_key(), -1);
  IF (SELECT value FROM @schema@.meta WHERE name = 'state') <> 'copying' THEN
    RAISE EXCEPTION 'appendRecorded is taken only between beginCopy and endCopy.' USING ERRCODE = 'HS006';
  END IF;
  FOR v_event IN SELECT value FROM jsonb_array_elements(p_events) LOOP
    v_position := coalesce((SELECT position FROM @schema@.event
      WHERE partition = (v_event ->> 1)::int ORDER BY position DESC LIMIT 1), 0) + 1;
    v_version := coalesce((SELECT version FROM @schema@.event
      WHERE stream_id = v_event ->> 0 ORDER BY version DESC LIMIT 1), 0) + 1;
    INSERT INTO @schema@.event (partition, position, version, recorded_at, stream_id, category, type, id, tags, record)
    VALUES ((v_event ->> 1)::int, v_position, v_version, (v_event ->> 2)::bigint, v_event ->> 0, split_part(v_event ->> 0, '-', 1),
      v_event ->> 4, v_event ->> 3, ARRAY(SELECT jsonb_array_elements_text(v_event -> 5)), v_event ->> 6);
    INSERT INTO @schema@.event_tag (partition, tag, position, type, is_reserved)
    SELECT (v_event ->> 1)::int, tag, v_position, v_event ->> 4, left(v_event ->> 0, 1) = '$'
    FROM jsonb_array_elements_text(v_event -> 5) AS tag;
    IF v_event ->> 7 IS NOT NULL THEN
      INSERT INTO @schema@.setting VALUES (v_event ->> 8, v_version, v_event ->> 7, (v_event ->> 9)::boolean)
      ON CONFLICT (stream_id) DO UPDATE
      SET version = excluded.version, settings = excluded.settings, is_tombstoned = excluded.is_tombstoned;
    END IF;
  END LOOP;
  FOR v_write IN SELECT value FROM jsonb_array_elements(p_writes) LOOP
    PERFORM @schema@.write_keyed(v_write ->> 0, v_write ->> 1);
  END LOOP;
END $$;

CREATE FUNCTION @schema@.end_copy_v1() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_partitions int := (SELECT value::int FROM @schema@.meta WHERE name = 'partitions');
BEGIN
  FOR i IN 0 .. v_partitions - 1 LOOP PERFORM pg_advisory_xact_lock(@schema@.lock_key(), i); END LOOP;
  UPDATE @schema@.meta SET value = 'open' WHERE name = 'state';
END $$;

-- Whoever may use the schema reads nothing and calls nothing unless it was granted.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA @schema@ FROM PUBLIC;
