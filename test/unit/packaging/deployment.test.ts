import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { environmentNames } from '../../../src/infrastructure/config-schema.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

// What containers do with these files is not tried here (that needs a container engine): their text is.

const read = (name: string): string => readFileSync(join(packageFolder, name), 'utf8');
const run = promisify(execFile);

/** A tag that names one version: three numbers, and nothing that moves. */
const pinned = /:v?\d+\.\d+\.\d+(-[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

const known = new Set([...Object.keys(environmentNames), 'NODE_ENV']);

interface Service {
  image?: string;
  build?: string;
  restart?: string;
  read_only?: boolean;
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  volumes?: string[];
  ports?: string[];
  entrypoint?: string[];
  stop_grace_period?: string;
}
const composeText = read('compose.yaml');
const { services } = parse(composeText) as { services: Record<'gatehouse' | 'mongo' | 'mail', Service> };

/** The variables a .env file sets. */
const variablesOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** What compose makes of `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. */
function filled(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, sign?: string, rest = '') => {
    const value = env[name] ?? '';
    if (value !== '') return value;
    if (sign === '?') throw new Error(`${name}: ${rest}`);
    return rest as string;
  });
}

describe('compose.yaml', () => {
  const example = variablesOf(read('.env.example'));
  const own: Record<string, string> = {
    ...example,
    SECRET_KEY: '0123456789abcdef'.repeat(4),
    MONGO_PASSWORD: 'abcdef0123456789',
  };

  it('names every image by its full version, or builds it here', () => {
    for (const [name, { image, build }] of Object.entries(services)) {
      if (build === undefined) expect(image, name).to.match(pinned);
    }
  });

  it('starts every service again, and lets only this machine in', () => {
    for (const [name, { restart, ports = [] }] of Object.entries(services)) {
      expect(restart, name).to.equal('unless-stopped');
      for (const port of ports) expect(port, name).to.match(/^127\.0\.0\.1:/);
    }
  });

  it('holds no secret: .env gives them, and is refused without them', () => {
    const text = Object.values(services)
      .map(({ environment }) => JSON.stringify(environment ?? {}))
      .join('');
    expect(() => filled(text, own)).not.to.throw();
    for (const name of ['SECRET_KEY', 'MONGO_PASSWORD', 'MONGO_USER', 'BASE_URL']) {
      expect(() => filled(text, { ...own, [name]: '' }), name).to.throw(name);
    }
    expect(example).not.to.have.any.keys('SECRET_KEY', 'MONGO_PASSWORD');
  });

  it('gives a configuration that the server takes, MongoDB with user and password', () => {
    const env = Object.fromEntries(
      Object.entries(services.gatehouse.environment!).map(([name, value]) => [name, filled(value, own)]),
    );
    expect(Object.keys(env).filter((name) => !known.has(name))).to.deep.equal([]);
    const config = loadConfig({ NODE_ENV: 'production', ...env }, join(packageFolder, 'config'));
    const { username, password, searchParams } = new URL(config.mongodbUri!);
    expect({ username, password }).to.deep.equal({
      username: own['MONGO_USER'],
      password: own['MONGO_PASSWORD'],
    });
    expect(searchParams.get('replicaSet')).to.equal('rs0');
    expect(config.bootstrapFile).to.equal(undefined);
    const declared = loadConfig(
      { ...env, BOOTSTRAP_FILE: '/etc/gatehouse/setup.json' },
      join(packageFolder, 'config'),
    );
    expect(declared.bootstrapFile).to.match(/^\/etc\/gatehouse\//);
    expect(services.gatehouse.volumes).to.include('./setup:/etc/gatehouse:ro');
  });

  it('publishes the port the server listens on, whichever it is', () => {
    const port = { ...own, PORT: '8080' };
    expect(filled(services.gatehouse.ports![0]!, port)).to.equal('127.0.0.1:8080:8080');
    expect(filled(services.gatehouse.environment!['PORT']!, port)).to.equal('8080');
  });

  it('asks MongoDB’s clients who they are, and makes the set before anybody waits for it', () => {
    const { entrypoint, healthcheck, environment } = services.mongo;
    expect(entrypoint!.join('\n')).to.include('--keyFile').and.to.include('--replSet rs0');
    expect(healthcheck!.test.join(' ')).to.include('rs.initiate').and.to.include('isWritablePrimary');
    expect(Object.keys(environment!)).to.deep.equal([
      'MONGO_INITDB_ROOT_USERNAME',
      'MONGO_INITDB_ROOT_PASSWORD',
    ]);
  });

  it('gives a stop the time it may take', () => {
    const { drainSeconds } = loadConfig({}, join(packageFolder, 'config'));
    expect(Number.parseInt(services.gatehouse.stop_grace_period!, 10)).to.be.at.least(drainSeconds + 20);
  });
});

describe('the Dockerfile', () => {
  const text = read('Dockerfile');

  it('names its base by its full version, and runs as somebody without rights', () => {
    for (const [, base] of text.matchAll(/^FROM (\S+)/gm)) expect(base).to.match(pinned);
    expect(text)
      .to.match(/^USER node$/m)
      .and.to.match(/-m 0700 -o node -g node \/data/);
  });

  it('has the command on the PATH, and starts by it', () => {
    expect(text).to.include('ln -s /app/dist/cli/main.js /usr/local/bin/gatehouse');
    expect(text).to.match(/^CMD \["gatehouse", "start"\]$/m);
    expect(read('src/cli/main.ts').split('\n')[0]).to.equal('#!/usr/bin/env node');
  });

  it('looks at the port that PORT says: healthy while /healthz answers 200 there, else not', async () => {
    const [program, ...args] = JSON.parse(/HEALTHCHECK[\s\S]*?CMD (\[.*\])/.exec(text)![1]!) as string[];
    const asked: (string | undefined)[] = [];
    let status = 200;
    const server = createServer((req, res) => {
      asked.push(req.url);
      res.writeHead(status, { connection: 'close' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const look = (): Promise<number> =>
      run(program!, args, { env: { ...process.env, PORT: String(port) } }).then(
        () => 0,
        (error: unknown) => (error as { code: number }).code,
      );
    try {
      expect(await look()).to.equal(0);
      status = 503;
      expect(await look()).to.equal(1);
      expect(asked).to.deep.equal(['/healthz', '/healthz']);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await look()).to.equal(1);
  });
});

interface Probe {
  httpGet: { path: string };
  periodSeconds: number;
  failureThreshold: number;
}
interface Container {
  image: string;
  ports: { name: string; containerPort: number }[];
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; mountPath: string }[];
  livenessProbe: Probe;
  readinessProbe: Probe;
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  data: Record<string, string>;
  spec: {
    replicas: number;
    selector: { matchLabels: Record<string, string> } & Record<string, string>;
    ports: { targetPort: string }[];
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        terminationGracePeriodSeconds: number;
        securityContext: Record<string, unknown>;
        containers: Container[];
        volumes: { name: string }[];
      };
    };
  };
}

describe('deploy/kubernetes.yaml', () => {
  const text = read('deploy/kubernetes.yaml');
  const manifests = parseAllDocuments(text).map((document) => {
    expect(document.errors).to.deep.equal([]);
    return document.toJS() as Manifest;
  });
  const find = (kind: string, name = 'gatehouse'): Manifest =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!;
  const { spec } = find('Deployment');
  const pod = spec.template.spec;
  const [container] = pod.containers as [Container];

  it('runs two processes of one version, which the Service finds', () => {
    expect(spec.replicas).to.equal(2);
    expect(container.image).to.match(pinned);
    const { labels } = spec.template.metadata;
    expect(labels).to.deep.equal(spec.selector.matchLabels).and.to.deep.equal(find('Service').spec.selector);
    expect(find('Service').spec.ports[0]!.targetPort).to.equal(container.ports[0]!.name);
  });

  it('runs as nobody in particular, on a root that cannot be written', () => {
    expect(pod.securityContext).to.include({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.volumeMounts.map(({ name }) => name)).to.have.members(
      pod.volumes.map(({ name }) => name),
    );
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).to.include.members(['/data', '/tmp']);
  });

  it('asks /healthz whether it lives and /readyz whether it serves, and lets a stop take its time', () => {
    expect(container.livenessProbe.httpGet.path).to.equal('/healthz');
    const ready = container.readinessProbe;
    expect(ready.httpGet.path).to.equal('/readyz');
    const drain = Number(find('ConfigMap').data['DRAIN_SECONDS']);
    expect(ready.periodSeconds * ready.failureThreshold).to.be.below(drain);
    expect(pod.terminationGracePeriodSeconds).to.be.at.least(drain + 20);
  });

  it('takes settings that exist from the ConfigMap, and secrets from the Secret alone', () => {
    expect(container.envFrom).to.deep.equal([
      { configMapRef: { name: 'gatehouse' } },
      { secretRef: { name: 'gatehouse' } },
    ]);
    expect(manifests.some(({ kind }) => kind === 'Secret')).to.equal(false);
    const secrets = [...text.matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name!);
    const names = [...Object.keys(find('ConfigMap').data), ...secrets];
    expect(names.filter((name) => !known.has(name))).to.deep.equal([]);
    const env = {
      ...find('ConfigMap').data,
      SECRET_KEY: '0123456789abcdef'.repeat(4),
      MONGODB_URI: 'mongodb://a:b@db/gatehouse',
    };
    expect(() =>
      loadConfig({ NODE_ENV: 'production', ...env }, join(packageFolder, 'config')),
    ).not.to.throw();
    expect(JSON.parse(find('ConfigMap', 'gatehouse-setup').data['setup.json']!)).to.have.property('tenants');
  });
});
