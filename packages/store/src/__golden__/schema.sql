CREATE TABLE record (
  noun text NOT NULL,
  id text NOT NULL,
  doc jsonb NOT NULL,
  version integer NOT NULL,
  position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
);
CREATE TABLE schema_version (
  version integer NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE TABLE statement (
  id text NOT NULL,
  kind text NOT NULL,
  envelope text NOT NULL,
  payload_digest text NOT NULL,
  leaf_hash text NOT NULL,
  recorded_at timestamp with time zone NOT NULL,
  position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  log_index bigint
);
CREATE INDEX record_by_content ON public.record USING gin (doc jsonb_path_ops);
CREATE INDEX record_by_position ON public.record USING btree (noun, "position");
CREATE UNIQUE INDEX record_pkey ON public.record USING btree (noun, id);
CREATE UNIQUE INDEX schema_version_pkey ON public.schema_version USING btree (version);
CREATE UNIQUE INDEX statement_log_index_key ON public.statement USING btree (log_index);
CREATE UNIQUE INDEX statement_pkey ON public.statement USING btree (id);
CREATE INDEX statement_unsequenced ON public.statement USING btree ("position") WHERE (log_index IS NULL);

CREATE TABLE metric_point (
  key text NOT NULL,
  name text NOT NULL,
  at timestamp with time zone NOT NULL,
  value double precision NOT NULL,
  unit text NOT NULL,
  labels jsonb NOT NULL
);
CREATE TABLE schema_version (
  version integer NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE INDEX metric_point_by_label ON public.metric_point USING gin (labels jsonb_path_ops);
CREATE INDEX metric_point_by_time ON public.metric_point USING btree (name, at);
CREATE UNIQUE INDEX metric_point_pkey ON public.metric_point USING btree (key);
CREATE UNIQUE INDEX schema_version_pkey ON public.schema_version USING btree (version);
