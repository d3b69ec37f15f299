/** Import directions of the house: downwards only (docs/architecture.md draws them). */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});

/** What is stored and how it is asked for: for these areas as types alone, see `documents-are-types`. */
const documents = '^src/persistence/(store\\.ts|collections/)';

/** The sub-folders of an area from the ground up: each may import those before it, and the files at the area's root are the ground. */
const floors = (area, names) =>
  names.slice(0, -1).map((name, floor) => ({
    name: `floors-of-${area}: ${name}`,
    comment: 'a sub-folder imports the ones below it alone',
    severity: 'error',
    from: { path: name === '.' ? `^src/${area}/[^/]+$` : `^src/${area}/${name}/` },
    to: {
      path: `^src/${area}/(${names.slice(floor + 1).join('|')})/`,
      dependencyTypesNot: ['type-only'],
    },
  }));

const identityFloors = [
  '.',
  'audit',
  'tenants',
  'passwords',
  'jobs',
  'keys',
  'grants',
  'users',
  'groups',
  'roles',
  'sso',
  'applications',
  'directories',
  'attributes',
  'watch',
  'plans',
  'credentials',
  'invitations',
  'privacy',
  'events',
  'operator',
  'bootstrap',
  'imports',
  'setup',
  'views',
  'answers',
  'bulk',
];
const scimFloors = [
  'protocol',
  'exchange',
  'derived',
  'list',
  'groups',
  'users',
  'endpoints',
  'log',
  'pull',
  'http',
];

const base = ['^src/shared/', '^src/infrastructure/'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'types alone may refer to each other: nothing of them is there at run time',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: ['\\.d\\.ts$', '^src/cli/main\\.ts$', '^src/console/vite\\.config\\.ts$'],
      },
      to: {},
    },
    only('shared-stands-alone', '^src/shared/', [], 'shared imports nothing of ours'),
    only('infrastructure-on-shared', '^src/infrastructure/', ['^src/shared/']),
    only('persistence-below-the-domain', '^src/persistence/', base),
    only('identity-on-persistence', '^src/identity/', ['^src/persistence/', '^src/scim/protocol/', ...base]),
    only(
      'protocol-is-a-library',
      '^src/scim/protocol/',
      ['^src/shared/'],
      'no express, no store, no tenants',
    ),
    only('http-on-infrastructure', '^src/http/', ['^src/persistence/store\\.ts$', ...base]),
    only('scim-on-identity', '^src/scim/', ['^src/identity/', '^src/http/', documents, ...base]),
    only('auth-on-identity', '^src/auth/', ['^src/identity/', '^src/persistence/', '^src/http/', ...base]),
    only('admin-on-identity', '^src/admin/', [
      '^src/identity/',
      '^src/http/',
      '^src/auth/session-guard\\.ts$',
      '^src/auth/provider/claims-preview\\.ts$',
      '^src/scim/log/(mapping-)?preview\\.ts$',
      documents,
      ...base,
    ]),
    ...floors('identity', identityFloors),
    ...floors('scim', scimFloors),
    only('console-is-a-client', '^src/console/', [], 'the console knows the server by its API alone'),
    only('sim-is-a-client', '^src/sim/', base, 'the simulator knows the server by HTTP alone'),
    {
      name: 'documents-are-types',
      comment: 'scim and admin name documents and queries; only the domain and below hold the code',
      severity: 'error',
      from: { path: '^src/(scim|admin)/' },
      to: { path: '^src/persistence/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'mongoose-stays-in-persistence',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/persistence/' },
      to: { path: 'node_modules/(mongoose|mongodb|lmdb|mingo)/' },
    },
    {
      name: 'express-stays-at-the-door',
      severity: 'error',
      from: { path: '^src/(shared|infrastructure|persistence|identity|scim/protocol)/' },
      to: { path: 'node_modules/(express|@types/express)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
