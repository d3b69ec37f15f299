import type { BootstrapFile } from './schema.js';

/** Beginnings and parts of values that stand in documents and examples: everybody knows them. */
const known =
  /change[-_ ]?me|replace[-_ ]?me|^(gh_sk_|gh_scim_|gh_op_)?(.)\2+$|^(secret|password|example|test|a long first password|from-okta)$|0{16}|x{16}/i;

interface Secret {
  path: string;
  value: string;
  /** Shorter ones could be guessed. */
  least: number;
}

/** Every secret of a file with its JSON path. */
function secretsOf({ tenants, applications = [], operatorKeys = [] }: BootstrapFile): Secret[] {
  const ofOperator = operatorKeys.map(({ key }, i) => ({
    path: `operatorKeys[${i}].key`,
    value: key,
    least: 24,
  }));
  const ofServer = applications.flatMap(({ clientSecret }, i) =>
    clientSecret ? [{ path: `applications[${i}].clientSecret`, value: clientSecret, least: 16 }] : [],
  );
  const inTenants = tenants.flatMap((tenant, at) => {
    const found: [string, string | null | undefined, number][] = [
      ...(tenant.apiKeys ?? []).map(
        ({ key }, i) => [`apiKeys[${i}].key`, key, 24] as [string, string, number],
      ),
    ];
    // Short ones are refused by the rule for passwords.
    tenant.users?.forEach(({ password }, i) => found.push([`users[${i}].password`, password, 0]));
    tenant.applications?.forEach(({ clientSecret }, i) =>
      found.push([`applications[${i}].clientSecret`, clientSecret, 16]),
    );
    tenant.directories?.forEach(({ tokens, clients }, d) => {
      tokens?.forEach(({ token }, i) => found.push([`directories[${d}].tokens[${i}].token`, token, 24]));
      clients?.forEach(({ clientSecret }, i) =>
        found.push([`directories[${d}].clients[${i}].clientSecret`, clientSecret, 24]),
      );
    });
    tenant.ssoConnections?.forEach(({ clientSecret }, i) =>
      found.push([`ssoConnections[${i}].clientSecret`, clientSecret, 0]),
    );
    return found.flatMap(([path, value, least]) =>
      value ? [{ path: `tenants[${at}].${path}`, value, least }] : [],
    );
  });
  return [...ofOperator, ...ofServer, ...inTenants];
}

/** Secrets short enough to guess, by their JSON path: the file's author decides, the start-up log says so. */
export function weakSecrets(file: BootstrapFile): string[] {
  return secretsOf(file).flatMap(({ path, value, least }) => (value.length < least ? [path] : []));
}

/** Secrets that stand in documents and examples, by their JSON path: a server that people rely on refuses them. */
export function exampleSecrets(file: BootstrapFile): string[] {
  return secretsOf(file).flatMap(({ path, value }) => (known.test(value) ? [path] : []));
}

/** Confidential applications, connections and Google directories whose secret the file does not hold, as after an export; by JSON path. */
export function missingSecrets({ tenants, applications: ofServer = [] }: BootstrapFile): string[] {
  const lacks = ({
    isPublic,
    clientSecret,
  }: {
    isPublic?: boolean | undefined;
    clientSecret?: string | null | undefined;
  }): boolean => isPublic === false && !clientSecret;
  const server = ofServer.flatMap((entry, i) => (lacks(entry) ? [`applications[${i}]`] : []));
  const own = tenants.flatMap(({ applications = [], ssoConnections = [], directories = [] }, at) => {
    return [
      ...applications.flatMap((entry, i) => (lacks(entry) ? [`tenants[${at}].applications[${i}]`] : [])),
      ...ssoConnections.flatMap((entry, i) => (lacks(entry) ? [`tenants[${at}].ssoConnections[${i}]`] : [])),
      ...directories.flatMap(({ google }, i) =>
        google && !google.serviceAccount ? [`tenants[${at}].directories[${i}]`] : [],
      ),
    ];
  });
  return [...server, ...own];
}
