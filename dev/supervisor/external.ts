import { connect } from 'node:net';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { refuseUnknown } from '../../db/migrate';
import { codeOf } from './system-errors';

const CONNECT_MS = 3_000;
const OLDEST_POSTGRES = 15;
/** Codes of gRPC. */
const GRPC = { cancelled: 1, tooLate: 4, notFound: 5, denied: 7, unavailable: 14, unauthenticated: 16 };
const OURS = 'leave DATABASE_URL out, and Mooring runs its own';

/** Checks a PostgreSQL that somebody else runs, and changes nothing in it: it answers, is new enough, lets us work. */
export async function checkDatabase(databaseUrl: string): Promise<string> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });
  client.on('error', () => undefined); // a cut is seen by the query
  try {
    await client.connect().catch((error: unknown) => {
      throw new Error(whyNoConnection(error, client), { cause: error });
    });
    const version = await checkVersion(client);
    await checkRights(client);
    await refuseUnknown(client);
    return version;
  } catch (error) {
    throw new Error(`DATABASE_URL cannot be used: ${words(error)}`, { cause: error });
  } finally {
    void client.end().catch(() => undefined); // a server that hangs does not answer to this either
  }
}

async function checkVersion(client: Client): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  const version = rows[0]?.server_version ?? '';
  if (Number.parseInt(version, 10) >= OLDEST_POSTGRES) return version;
  throw new Error(
    `it is PostgreSQL ${version}, and Mooring needs ${OLDEST_POSTGRES} or newer. Upgrade it, name another, or ${OURS}.`,
  );
}

interface Rights {
  reads_only: boolean;
  encoding: string;
  may_have_role: boolean;
  may_create: boolean;
}

/** What the migrations need; a database that has them all already needs it no more. */
const RIGHTS = `
  select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as reads_only,
         current_setting('server_encoding') as encoding,
         made or me.rolsuper or case
           when app.oid is null or current_setting('server_version_num')::int < 160000 then me.rolcreaterole
           else pg_has_role(me.oid, app.oid, 'member with admin option') end as may_have_role,
         made or coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create
    from (select to_regproc('mooring_guard') is not null as made) _,
         pg_roles me left join pg_roles app on app.rolname = 'mooring_app'
   where me.rolname = current_user`;

async function checkRights(client: Client): Promise<void> {
  const { rows } = await client.query<Rights>(RIGHTS);
  const [rights] = rows;
  const user = identifier(client.user ?? '');
  if (rights === undefined) throw new Error(`PostgreSQL does not know its own user ${user}.`);
  if (rights.reads_only) throw new Error('it only reads (a replica?). Name the primary server.');
  if (rights.encoding !== 'UTF8') {
    throw new Error(
      `its encoding is ${rights.encoding}, and Mooring needs UTF8. Name another database: createdb --encoding=UTF8 --template=template0 <name>`,
    );
  }
  if (!rights.may_have_role) {
    throw new Error(
      `its user may not create the role mooring_app. As a superuser: alter role ${user} createrole; or, if the role is there: grant mooring_app to ${user} with admin option;`,
    );
  }
  if (!rights.may_create) {
    throw new Error(
      `its user may not create tables there. As the owner of the database: grant create on schema public to ${user};`,
    );
  }
}

const identifier = (name: string): string =>
  /^[a-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

function whyNoConnection(error: unknown, { host, port, user = '', database = '' }: Client): string {
  const code = codeOf(error);
  const place = `${host}:${port}`;
  const said = words(error);
  if (code === 'ECONNREFUSED') return `nothing listens on ${place}. Start PostgreSQL there, or ${OURS}.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `no machine is known by the name ${host}. Correct the name, or ${OURS}.`;
  }
  if (/timeout expired|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(`${said} ${code}`)) {
    return `${place} does not answer. Look whether PostgreSQL runs there and a firewall is between, or ${OURS}.`;
  }
  if (code === '28P01' || code === '28000') {
    return `PostgreSQL on ${place} refuses the user or the password (${said}). Correct them in the URL.`;
  }
  if (code === '3D000') {
    return `PostgreSQL on ${place} has no database “${database}”. Make it: createdb -h ${host} -p ${port} -U ${user} ${database}`;
  }
  if (code === '57P03') return `PostgreSQL on ${place} is still starting up. Start again in a moment.`;
  if (code === 'ECONNRESET' || /^Connection terminated|SSL connections/.test(said)) {
    return `what listens on ${place} does not speak as PostgreSQL does (${said}). Name its port, 5432 as a rule, look whether it wants TLS (?sslmode=…), or ${OURS}.`;
  }
  return `PostgreSQL on ${place} did not let us in (${said || code}). Look into its log, or ${OURS}.`;
}

/** Checks a Temporal server that somebody else runs: it answers, and knows the namespace. */
export async function checkTemporal(address: string, namespace: string): Promise<void> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new Error(`TEMPORAL_ADDRESS ${address} cannot be used: ${why}`, { cause });
  };
  const own = 'leave TEMPORAL_ADDRESS out, and Mooring runs its own';
  const fault = await whyUnreachable(address);
  if (fault === 'ECONNREFUSED') refuse(`nothing listens there. Start Temporal there, or ${own}.`);
  if (fault === 'ENOTFOUND' || fault === 'EAI_AGAIN')
    refuse(`no machine is known by this name. Correct it, or ${own}.`);
  if (fault !== null) {
    refuse(
      `it does not answer (${fault}). Look whether Temporal runs there and a firewall is between, or ${own}.`,
    );
  }
  const { connectionOptions } = loadClientConnectConfig();
  const connection = Connection.lazy({ ...connectionOptions, address, connectTimeout: CONNECT_MS });
  try {
    await connection
      .ensureConnected()
      .catch((error: unknown) =>
        refuse(
          `what listens there does not speak as Temporal does. Name its gRPC port, 7233 as a rule, or ${own}.`,
          error,
        ),
      );
    await connection
      .withDeadline(Date.now() + CONNECT_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      )
      .catch((error: unknown) => refuse(`${whyNoNamespace(error, namespace)}, or ${own}.`, error));
  } finally {
    void connection.close();
  }
}

/** Why a Temporal server does not describe the namespace, and what can be done. */
function whyNoNamespace(error: unknown, namespace: string): string {
  const code = codeOf(error);
  if (code === GRPC.notFound)
    return `it has no namespace “${namespace}”. Make it (temporal operator namespace create -n ${namespace}), set TEMPORAL_NAMESPACE`;
  if (code === GRPC.denied || code === GRPC.unauthenticated)
    return `it does not let us into the namespace “${namespace}” (${words(error)}). Set TEMPORAL_API_KEY or TEMPORAL_TLS_* to credentials that may use it`;
  if (code === GRPC.tooLate || code === GRPC.unavailable || code === GRPC.cancelled)
    return `it took the connection and then did not answer (${words(error)}). Look whether it is healthy (temporal operator cluster health) and start again`;
  return `it did not tell about the namespace “${namespace}” (${words(error)}). Look into the log of that server`;
}

/** Whether anything accepts connections at the address: null, or the code of the error. */
function whyUnreachable(address: string): Promise<string | null> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port || 7233), timeout: CONNECT_MS });
    const end = (answer: string | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(`nothing within ${CONNECT_MS / 1000} s`));
    socket.once('error', (error) => end(String(codeOf(error))));
  });
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
