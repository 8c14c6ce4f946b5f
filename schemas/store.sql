-- The store, version 0001, on sqlite. Generated from connector/store/tables.py.

CREATE TABLE brake (
	id TEXT NOT NULL,
	route TEXT NOT NULL,
	kind TEXT NOT NULL,
	count INTEGER NOT NULL,
	"limit" INTEGER NOT NULL,
	run INTEGER NOT NULL,
	CONSTRAINT pk_brake PRIMARY KEY (id)
)
 STRICT;

CREATE TABLE "conflict" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL,
	entity TEXT NOT NULL,
	uid TEXT NOT NULL,
	field TEXT NOT NULL,
	base TEXT,
	vals TEXT NOT NULL,
	rule TEXT NOT NULL,
	winner TEXT,
	"by" TEXT,
	status TEXT NOT NULL,
	at TEXT NOT NULL,
	run INTEGER NOT NULL,
	CONSTRAINT ck_conflict_kind CHECK (kind IN ('field', 'identity', 'document')),
	CONSTRAINT ck_conflict_status CHECK (status IN ('open', 'resolved'))
)
 STRICT;

CREATE INDEX ix_conflict_run ON "conflict" (run);

CREATE INDEX ix_conflict_uid ON "conflict" (uid);

CREATE UNIQUE INDEX uq_conflict_open ON "conflict" (uid, kind, field) WHERE status = 'open';

CREATE TABLE cursor (
	account TEXT NOT NULL,
	entity TEXT NOT NULL,
	value TEXT,
	complete_up_to TEXT,
	run INTEGER,
	CONSTRAINT pk_cursor PRIMARY KEY (account, entity)
)
 STRICT;

CREATE TABLE dirty (
	uid TEXT NOT NULL,
	entity TEXT NOT NULL,
	stage INTEGER NOT NULL,
	CONSTRAINT pk_dirty PRIMARY KEY (uid)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_dirty_entity_stage ON dirty (entity, stage, uid);

CREATE TABLE feed (
	id INTEGER NOT NULL,
	spoke TEXT NOT NULL,
	entity TEXT NOT NULL,
	mapping TEXT,
	CONSTRAINT pk_feed PRIMARY KEY (id),
	CONSTRAINT uq_feed_spoke_entity UNIQUE (spoke, entity)
)
 STRICT;

CREATE TABLE hub (
	uid TEXT NOT NULL,
	entity TEXT NOT NULL,
	version INTEGER NOT NULL,
	body BLOB NOT NULL,
	survivor TEXT,
	CONSTRAINT pk_hub PRIMARY KEY (uid)
)
 STRICT;

CREATE INDEX ix_hub_entity ON hub (entity, uid) WHERE survivor IS NULL;

CREATE TABLE identifier (
	entity TEXT NOT NULL,
	value TEXT NOT NULL,
	scheme TEXT NOT NULL,
	uid TEXT NOT NULL,
	CONSTRAINT pk_identifier PRIMARY KEY (entity, value, scheme, uid)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX ix_identifier_uid ON identifier (uid);

CREATE TABLE journal (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	run INTEGER NOT NULL,
	kind TEXT NOT NULL,
	account TEXT NOT NULL,
	entity TEXT NOT NULL,
	external_id TEXT NOT NULL,
	uid TEXT,
	field TEXT NOT NULL,
	value TEXT,
	reason TEXT NOT NULL,
	amount INTEGER,
	do TEXT,
	at TEXT NOT NULL,
	dismissed_by TEXT,
	dismissed_at TEXT,
	CONSTRAINT uq_journal_subject UNIQUE (account, entity, external_id, field, kind),
	CONSTRAINT ck_journal_kind CHECK (kind IN ('unreadable', 'waiting'))
)
 STRICT;

CREATE INDEX ix_journal_uid ON journal (uid);

CREATE TABLE lock (
	name TEXT NOT NULL,
	owner TEXT NOT NULL,
	taken_at TEXT NOT NULL,
	beat INTEGER NOT NULL,
	CONSTRAINT pk_lock PRIMARY KEY (name)
)
 STRICT;

CREATE TABLE meta (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY ("key")
)
 STRICT;

CREATE TABLE operation (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	run INTEGER NOT NULL,
	entity TEXT NOT NULL,
	account TEXT NOT NULL,
	spoke TEXT NOT NULL,
	uid TEXT NOT NULL,
	verb TEXT NOT NULL,
	external_id TEXT,
	patch TEXT NOT NULL,
	expect TEXT NOT NULL,
	status TEXT NOT NULL,
	repeat TEXT NOT NULL,
	reason TEXT,
	evidence TEXT NOT NULL,
	at TEXT NOT NULL,
	CONSTRAINT ck_operation_status CHECK (status IN ('ready', 'sent', 'done', 'refused', 'unknown', 'parked', 'offered'))
)
 STRICT;

CREATE INDEX ix_operation_run ON operation (run);

CREATE INDEX ix_operation_status ON operation (status) WHERE status <> 'done';

CREATE INDEX ix_operation_uid ON operation (uid);

CREATE UNIQUE INDEX uq_operation_open ON operation (uid, spoke, verb) WHERE status IN ('sent', 'unknown', 'parked', 'offered');

CREATE TABLE route_state (
	entity TEXT NOT NULL,
	account TEXT NOT NULL,
	completed INTEGER NOT NULL,
	consent_at TEXT,
	CONSTRAINT pk_route_state PRIMARY KEY (entity, account)
)
 STRICT;

CREATE TABLE run (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	started_at TEXT NOT NULL,
	finished_at TEXT,
	status TEXT NOT NULL,
	summary TEXT
)
 STRICT;

CREATE TABLE store_version (
	version_num TEXT NOT NULL,
	CONSTRAINT pk_store_version PRIMARY KEY (version_num)
)
 STRICT;

CREATE TABLE unit (
	account TEXT NOT NULL,
	endpoint TEXT NOT NULL,
	field TEXT NOT NULL,
	unit TEXT NOT NULL,
	proved_at TEXT NOT NULL,
	CONSTRAINT pk_unit PRIMARY KEY (account, endpoint, field)
)
 STRICT;

CREATE TABLE holding (
	feed INTEGER NOT NULL,
	external_id TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_holding PRIMARY KEY (feed, external_id, value),
	CONSTRAINT fk_holding_feed FOREIGN KEY(feed) REFERENCES feed (id)
)
 STRICT;

CREATE TABLE link (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	feed INTEGER NOT NULL,
	external_id TEXT NOT NULL,
	uid TEXT NOT NULL,
	is_primary INTEGER NOT NULL,
	gone INTEGER NOT NULL,
	seen_hash BLOB,
	version TEXT,
	changed_at TEXT,
	run INTEGER NOT NULL,
	how TEXT NOT NULL,
	"by" TEXT NOT NULL,
	at TEXT NOT NULL,
	seen BLOB,
	shadow BLOB,
	CONSTRAINT uq_link_feed_external_id UNIQUE (feed, external_id),
	CONSTRAINT ck_link_is_primary CHECK (is_primary IN (0, 1)),
	CONSTRAINT ck_link_gone CHECK (gone IN (0, 1)),
	CONSTRAINT fk_link_feed FOREIGN KEY(feed) REFERENCES feed (id)
)
 STRICT;

CREATE INDEX ix_link_alias ON link (uid) WHERE is_primary = 0;

CREATE INDEX ix_link_gone ON link (feed) WHERE gone = 1;

CREATE UNIQUE INDEX uq_link_primary ON link (uid, feed) WHERE is_primary = 1;

CREATE TABLE lookup (
	feed INTEGER NOT NULL,
	uid TEXT NOT NULL,
	keys TEXT NOT NULL,
	at TEXT NOT NULL,
	CONSTRAINT pk_lookup PRIMARY KEY (feed, uid),
	CONSTRAINT fk_lookup_feed FOREIGN KEY(feed) REFERENCES feed (id)
)
 STRICT;
