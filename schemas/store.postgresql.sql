-- The store, version 0001, on postgresql. Generated from connector/store/tables.py.

CREATE TABLE brake (
	id TEXT COLLATE "C" NOT NULL,
	route TEXT COLLATE "C" NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	count INTEGER NOT NULL,
	"limit" INTEGER NOT NULL,
	run INTEGER NOT NULL,
	CONSTRAINT pk_brake PRIMARY KEY (id)
);

CREATE TABLE conflict (
	id BIGSERIAL NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	uid TEXT COLLATE "C" NOT NULL,
	field TEXT COLLATE "C" NOT NULL,
	base TEXT COLLATE "C",
	vals TEXT COLLATE "C" NOT NULL,
	rule TEXT COLLATE "C" NOT NULL,
	winner TEXT COLLATE "C",
	by TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	at TEXT COLLATE "C" NOT NULL,
	run INTEGER NOT NULL,
	CONSTRAINT pk_conflict PRIMARY KEY (id),
	CONSTRAINT ck_conflict_kind CHECK (kind IN ('field', 'identity', 'document')),
	CONSTRAINT ck_conflict_status CHECK (status IN ('open', 'resolved'))
);

CREATE INDEX ix_conflict_run ON conflict (run);

CREATE INDEX ix_conflict_uid ON conflict (uid);

CREATE UNIQUE INDEX uq_conflict_open ON conflict (uid, kind, field) WHERE status = 'open';

COMMENT ON COLUMN conflict.field IS 'empty where the whole record is meant';

CREATE TABLE cursor (
	account TEXT COLLATE "C" NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C",
	complete_up_to TEXT COLLATE "C",
	run INTEGER,
	CONSTRAINT pk_cursor PRIMARY KEY (account, entity)
);

CREATE TABLE dirty (
	uid TEXT COLLATE "C" NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	stage INTEGER NOT NULL,
	CONSTRAINT pk_dirty PRIMARY KEY (uid)
);

CREATE INDEX ix_dirty_entity_stage ON dirty (entity, stage, uid);

COMMENT ON COLUMN dirty.stage IS '0 to merge, 1 to plan';

CREATE TABLE feed (
	id BIGSERIAL NOT NULL,
	spoke TEXT COLLATE "C" NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	mapping TEXT COLLATE "C",
	CONSTRAINT pk_feed PRIMARY KEY (id),
	CONSTRAINT uq_feed_spoke_entity UNIQUE (spoke, entity)
);

COMMENT ON COLUMN feed.mapping IS 'version of the mapping that the shadows were computed with';

CREATE TABLE hub (
	uid TEXT COLLATE "C" NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	version INTEGER NOT NULL,
	body BYTEA NOT NULL,
	survivor TEXT COLLATE "C",
	CONSTRAINT pk_hub PRIMARY KEY (uid)
);

CREATE INDEX ix_hub_entity ON hub (entity, uid) WHERE survivor IS NULL;

COMMENT ON COLUMN hub.survivor IS 'the uid this one was merged into';

CREATE TABLE identifier (
	entity TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	scheme TEXT COLLATE "C" NOT NULL,
	uid TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_identifier PRIMARY KEY (entity, value, scheme, uid)
);

CREATE INDEX ix_identifier_uid ON identifier (uid);

CREATE TABLE journal (
	id BIGSERIAL NOT NULL,
	run INTEGER NOT NULL,
	kind TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	external_id TEXT COLLATE "C" NOT NULL,
	uid TEXT COLLATE "C",
	field TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C",
	reason TEXT COLLATE "C" NOT NULL,
	amount BIGINT,
	"do" TEXT COLLATE "C",
	at TEXT COLLATE "C" NOT NULL,
	dismissed_by TEXT COLLATE "C",
	dismissed_at TEXT COLLATE "C",
	CONSTRAINT pk_journal PRIMARY KEY (id),
	CONSTRAINT uq_journal_subject UNIQUE (account, entity, external_id, field, kind),
	CONSTRAINT ck_journal_kind CHECK (kind IN ('unreadable', 'waiting'))
);

CREATE INDEX ix_journal_uid ON journal (uid);

COMMENT ON COLUMN journal.run IS 'that said so last; 0: looked at anew and not said again';

COMMENT ON COLUMN journal.at IS 'when it began to be so';

COMMENT ON COLUMN journal.dismissed_by IS 'who said that nobody need look, while nothing changes';

CREATE TABLE lock (
	name TEXT COLLATE "C" NOT NULL,
	owner TEXT COLLATE "C" NOT NULL,
	taken_at TEXT COLLATE "C" NOT NULL,
	beat BIGINT NOT NULL,
	CONSTRAINT pk_lock PRIMARY KEY (name)
);

COMMENT ON COLUMN lock.beat IS 'unix seconds of the last heartbeat';

CREATE TABLE meta (
	key TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY (key)
);

CREATE TABLE operation (
	id BIGSERIAL NOT NULL,
	run INTEGER NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	spoke TEXT COLLATE "C" NOT NULL,
	uid TEXT COLLATE "C" NOT NULL,
	verb TEXT COLLATE "C" NOT NULL,
	external_id TEXT COLLATE "C",
	patch TEXT COLLATE "C" NOT NULL,
	expect TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL,
	repeat TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C",
	evidence TEXT COLLATE "C" NOT NULL,
	at TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_operation PRIMARY KEY (id),
	CONSTRAINT ck_operation_status CHECK (status IN ('ready', 'sent', 'done', 'refused', 'unknown', 'parked', 'offered'))
);

CREATE INDEX ix_operation_run ON operation (run);

CREATE INDEX ix_operation_status ON operation (status) WHERE status <> 'done';

CREATE INDEX ix_operation_uid ON operation (uid);

CREATE UNIQUE INDEX uq_operation_open ON operation (uid, spoke, verb) WHERE status IN ('sent', 'unknown', 'parked', 'offered');

CREATE TABLE route_state (
	entity TEXT COLLATE "C" NOT NULL,
	account TEXT COLLATE "C" NOT NULL,
	completed INTEGER NOT NULL,
	consent_at TEXT COLLATE "C",
	CONSTRAINT pk_route_state PRIMARY KEY (entity, account)
);

COMMENT ON COLUMN route_state.completed IS 'completed runs';

CREATE TABLE run (
	id BIGSERIAL NOT NULL,
	started_at TEXT COLLATE "C" NOT NULL,
	finished_at TEXT COLLATE "C",
	status TEXT COLLATE "C" NOT NULL,
	summary TEXT COLLATE "C",
	CONSTRAINT pk_run PRIMARY KEY (id)
);

CREATE TABLE store_version (
	version_num TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_store_version PRIMARY KEY (version_num)
);

CREATE TABLE unit (
	account TEXT COLLATE "C" NOT NULL,
	endpoint TEXT COLLATE "C" NOT NULL,
	field TEXT COLLATE "C" NOT NULL,
	unit TEXT COLLATE "C" NOT NULL,
	proved_at TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_unit PRIMARY KEY (account, endpoint, field)
);

CREATE TABLE holding (
	feed BIGINT NOT NULL,
	external_id TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_holding PRIMARY KEY (feed, external_id, value),
	CONSTRAINT fk_holding_feed FOREIGN KEY(feed) REFERENCES feed (id)
);

COMMENT ON COLUMN holding.feed IS 'of the customer';

COMMENT ON COLUMN holding.external_id IS 'of the customer';

COMMENT ON COLUMN holding.value IS 'a card number that this customer holds there';

CREATE TABLE link (
	id BIGSERIAL NOT NULL,
	feed BIGINT NOT NULL,
	external_id TEXT COLLATE "C" NOT NULL,
	uid TEXT COLLATE "C" NOT NULL,
	is_primary INTEGER NOT NULL,
	gone INTEGER NOT NULL,
	seen_hash BYTEA,
	version TEXT COLLATE "C",
	changed_at TEXT COLLATE "C",
	run INTEGER NOT NULL,
	how TEXT COLLATE "C" NOT NULL,
	by TEXT COLLATE "C" NOT NULL,
	at TEXT COLLATE "C" NOT NULL,
	seen BYTEA,
	shadow BYTEA,
	CONSTRAINT pk_link PRIMARY KEY (id),
	CONSTRAINT uq_link_feed_external_id UNIQUE (feed, external_id),
	CONSTRAINT ck_link_is_primary CHECK (is_primary IN (0, 1)),
	CONSTRAINT ck_link_gone CHECK (gone IN (0, 1)),
	CONSTRAINT fk_link_feed FOREIGN KEY(feed) REFERENCES feed (id)
);

CREATE INDEX ix_link_alias ON link (uid) WHERE is_primary = 0;

CREATE INDEX ix_link_gone ON link (feed) WHERE gone = 1;

CREATE UNIQUE INDEX uq_link_primary ON link (uid, feed) WHERE is_primary = 1;

COMMENT ON COLUMN link.run IS 'the run that made the link';

CREATE TABLE lookup (
	feed BIGINT NOT NULL,
	uid TEXT COLLATE "C" NOT NULL,
	keys TEXT COLLATE "C" NOT NULL,
	at TEXT COLLATE "C" NOT NULL,
	CONSTRAINT pk_lookup PRIMARY KEY (feed, uid),
	CONSTRAINT fk_lookup_feed FOREIGN KEY(feed) REFERENCES feed (id)
);

COMMENT ON COLUMN lookup.keys IS 'the keys it was looked up by';
