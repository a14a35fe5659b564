-- The cluster's roles and the database's owner. May be run again at any time by a superuser, in any database.
-- No role here is a superuser or bypasses row-level security; passwords are set elsewhere, never here.

DO $$
BEGIN
  -- Owns the database and its tables; used by migrations alone.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stafet_owner') THEN
    CREATE ROLE stafet_owner;
  END IF;
  -- What pages, FHIR reads and feeds run as, under row-level security.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stafet_reader') THEN
    CREATE ROLE stafet_reader;
  END IF;
  -- What commands, timers and fan-out run as, after policy.py has said yes.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stafet_writer') THEN
    CREATE ROLE stafet_writer;
  END IF;
  -- What seals audit rows and checks the chain: the only role that reads them.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stafet_auditor') THEN
    CREATE ROLE stafet_auditor;
  END IF;
  -- What serve and worker sign in as; it can do nothing before it takes on one of the three roles above.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stafet_app') THEN
    CREATE ROLE stafet_app;
  END IF;
END
$$;

ALTER ROLE stafet_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE stafet_reader NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE stafet_writer NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE stafet_auditor NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE stafet_app LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT stafet_reader, stafet_writer, stafet_auditor TO stafet_app;

-- The database.

SELECT 'CREATE DATABASE stafet OWNER stafet_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'stafet')
\gexec

ALTER DATABASE stafet OWNER TO stafet_owner;
REVOKE ALL ON DATABASE stafet FROM PUBLIC;
GRANT CONNECT ON DATABASE stafet TO stafet_app;
\connect stafet
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO stafet_owner;
