import { expect } from 'chai';
import { startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

interface Listed {
  id: string;
  userName: string;
  title?: string;
}

describe('SCIM lists: filter, sort, paging by index (RFC 7644 section 3.4.2)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  const names = ['delta', 'Alpha', 'charlie', 'Bravo', 'echo'];
  const made: Listed[] = [];
  const mark = unique('list');

  before(async () => {
    app = await startScim();
    scim = app.acme;
    for (const [i, name] of names.entries()) {
      made.push(
        await scim.user({
          userName: `${name}.${mark}@acme.test`,
          externalId: `X-${name}`,
          displayName: name,
          name: { givenName: 'G', familyName: `Fam ${name}` },
          emails: [
            { value: `${name}@work.test`, type: 'work', primary: true },
            { value: `${name}@home.test`, type: 'home' },
          ],
          ...(i !== 2 && { title: `T${9 - i}` }),
          userType: i < 3 ? 'Employee' : 'Contractor',
          active: i !== 4,
          [urn.enterprise]: { employeeNumber: String(100 + i), department: i % 2 ? 'Odd' : 'Even' },
          schemas: [urn.user, urn.enterprise],
        }),
      );
    }
    await app.acmeSecond.user({ userName: `foreign.${mark}@acme.test`, userType: 'Employee' });
  });
  after(() => app.stop());

  const found = async (filter: string): Promise<string[]> =>
    (await scim.find('Users', filter)).Resources.map((user) => String(user['displayName'])).sort();
  const list = async (query: string) => (await scim.get(`/Users?${query}`)).body;
  const order = (body: { Resources: Listed[] }): string[] =>
    body.Resources.map(({ userName }) => userName.split('.')[0]!);

  const filters: [string, string[]][] = [
    [`userName eq "ALPHA.${mark}@acme.test"`, ['Alpha']],
    [`userName sw "alpha."`, ['Alpha']],
    [`userName co ".${mark}@" and active eq true`, ['Alpha', 'Bravo', 'charlie', 'delta']],
    [`userName ew "${mark}@acme.test" and not (active eq true)`, ['echo']],
    [`externalId eq "X-echo"`, ['echo']],
    [`externalId eq "x-echo"`, []],
    [`emails eq "bravo@WORK.test"`, ['Bravo']],
    [`emails.value sw "bravo@"`, ['Bravo']],
    [`emails[type eq "work" and value co "bravo@home"]`, []],
    [`emails[type eq "home" and value eq "bravo@home.test"]`, ['Bravo']],
    [`emails[type eq "work"].value eq "delta@work.test"`, ['delta']],
    [`emails[type eq "work"].value eq "delta@home.test"`, []],
    [`displayName eq "CHARLIE"`, ['charlie']],
    [`name.familyName sw "fam" and userType eq "contractor"`, ['Bravo', 'echo']],
    [`${urn.user}:userName eq "echo.${mark}@acme.test"`, ['echo']],
    [`${urn.enterprise}:employeeNumber eq "101"`, ['Alpha']],
    [`${urn.enterprise}:department eq "odd" or title eq "T9"`, ['Alpha', 'Bravo', 'delta']],
    [`userType eq "Employee" and (displayName eq "delta" or displayName eq "echo")`, ['delta']],
    [`not (userType eq "Employee")`, ['Bravo', 'echo']],
    [`title pr and userType eq "Employee"`, ['Alpha', 'delta']],
    [`not (title pr)`, ['charlie']],
    [`title eq null`, ['charlie']],
    [`title gt "T7"`, ['Alpha', 'delta']],
    [`schemas eq "${urn.enterprise}" and displayName sw "e"`, ['echo']],
    [`meta.created gt "2020-01-01T00:00:00Z" and displayName eq "echo"`, ['echo']],
    [`meta.lastModified lt "2020-01-01T00:00:00Z"`, []],
    [`USERNAME Eq "echo.${mark}@acme.test" AND Active EQ false`, ['echo']],
    [`displayName eq "or" or displayName eq "not"`, []],
  ];
  for (const [filter, expected] of filters) {
    it(`finds by ${filter.replaceAll(mark, '*')}`, async () => {
      expect(await found(filter)).to.deep.equal([...expected].sort());
    });
  }

  it('compares a complex attribute with a plain value as Entra asks for managers', async () => {
    const [boss, worker] = made;
    await scim.patch(`/Users/${worker!.id}`, [
      { op: 'Add', path: `${urn.enterprise}:manager`, value: boss!.id },
    ]);
    const hit = await scim.find(
      'Users',
      `id eq "${worker!.id}" and manager eq "${boss!.id}"`,
      '&attributes=id',
    );
    expect(hit.totalResults).to.equal(1);
    expect(await scim.find('Users', `id eq "${worker!.id}" and manager eq "other"`)).to.include({
      totalResults: 0,
    });
    const read = await scim.get(`/Users/${worker!.id}`);
    expect(read.body[urn.enterprise].manager).to.deep.include({ value: boss!.id });
  });

  it('refuses bad filters with invalidFilter and never answers an unfiltered list', async () => {
    const bad = [
      'userName zz "x"',
      'userName eq',
      'userName eq "x',
      '(userName eq "x"',
      'nothing eq "x"',
      'active eq "yes"',
      'active gt true',
      'active co "t"',
      'password eq "x"',
      'password pr',
      'emails[type eq "work"',
      `${'('.repeat(5000)}userName eq "x"${')'.repeat(5000)}`,
      `userName eq "${'x'.repeat(20_000)}"`,
    ];
    for (const filter of bad) {
      const res = await scim.post('/Users/.search', { schemas: [urn.search], filter });
      expect(res.status, filter.slice(0, 60)).to.be.oneOf(
        filter.startsWith('active eq') ? [400, 200] : [400, 403],
      );
      if (res.status === 400) expect(res.body.scimType, filter.slice(0, 60)).to.equal('invalidFilter');
      if (res.status === 200) expect(res.body.totalResults).to.equal(0);
    }
  });

  it('answers an empty list with 200 when nothing matches', async () => {
    const body = await list('filter=userName%20eq%20"nobody"');
    expect(body).to.deep.include({ totalResults: 0, itemsPerPage: 0, Resources: [] });
    expect(body.schemas).to.deep.equal([urn.list]);
  });

  it('sorts without regard to case, descending too, by stored and by unstored attributes', async () => {
    expect(order(await list('sortBy=userName'))).to.deep.equal([
      'Alpha',
      'Bravo',
      'charlie',
      'delta',
      'echo',
    ]);
    expect(order(await list('sortBy=displayName&sortOrder=descending'))).to.deep.equal([
      'echo',
      'delta',
      'charlie',
      'Bravo',
      'Alpha',
    ]);
    expect(order(await list(`sortBy=${urn.enterprise}:employeeNumber`))).to.deep.equal(names);
    expect(order(await list('sortBy=emails'))).to.deep.equal(['Alpha', 'Bravo', 'charlie', 'delta', 'echo']);
    expect(order(await list('sortBy=meta.created'))).to.deep.equal(names);
    expect(order(await list('sortBy=USERNAME&sortOrder=Descending&count=2'))).to.deep.equal([
      'echo',
      'delta',
    ]);
  });

  it('puts missing values last ascending and first descending (section 3.4.2.3)', async () => {
    expect(order(await list('sortBy=title'))).to.deep.equal(['echo', 'Bravo', 'Alpha', 'delta', 'charlie']);
    expect(order(await list('sortBy=title&sortOrder=descending'))).to.deep.equal([
      'charlie',
      'delta',
      'Alpha',
      'Bravo',
      'echo',
    ]);
  });

  it('refuses an unknown sortBy and a wrong sortOrder', async () => {
    for (const query of ['sortBy=nothing', 'sortBy=password', 'sortBy=userName&sortOrder=up']) {
      const res = await scim.get(`/Users?${query}`);
      expect(res.status, query).to.equal(400);
      expect(res.body.scimType).to.be.oneOf(['invalidValue', 'invalidPath']);
    }
  });

  it('pages by index: counts from 1, clips, echoes, and tells the true total (section 3.4.2.4)', async () => {
    for (const [query, expected] of [
      ['startIndex=2&count=2', { startIndex: 2, itemsPerPage: 2, totalResults: 5 }],
      ['startIndex=0&count=1', { startIndex: 1, itemsPerPage: 1, totalResults: 5 }],
      ['startIndex=-3&count=1', { startIndex: 1, itemsPerPage: 1, totalResults: 5 }],
      ['startIndex=99', { startIndex: 99, itemsPerPage: 0, totalResults: 5 }],
      ['count=0', { itemsPerPage: 0, totalResults: 5 }],
      ['count=-1', { itemsPerPage: 0, totalResults: 5 }],
      ['count=100000', { itemsPerPage: 5, totalResults: 5 }],
      ['filter=title%20pr&startIndex=2&count=2', { startIndex: 2, itemsPerPage: 2, totalResults: 4 }],
      ['filter=title%20pr&count=0', { itemsPerPage: 0, totalResults: 4 }],
      [
        'filter=title%20pr&sortBy=title&startIndex=4&count=2',
        { startIndex: 4, itemsPerPage: 1, totalResults: 4 },
      ],
      ['filter=userName%20sw%20"a"&startIndex=2', { startIndex: 2, itemsPerPage: 0, totalResults: 1 }],
    ] as const) {
      const body = await list(query);
      expect(body, query).to.include(expected);
      expect(body.Resources, query).to.have.length(expected.itemsPerPage);
    }
    for (const query of ['startIndex=x', 'count=1.5', 'count=']) {
      const res = await scim.get(`/Users?${query}`);
      expect(res.status, query).to.be.oneOf(query === 'count=' ? [200, 400] : [400]);
    }
  });

  it('keeps one order over all pages without sortBy', async () => {
    const pages = await Promise.all([1, 3, 5].map((start) => list(`startIndex=${start}&count=2`)));
    expect(pages.flatMap(order)).to.deep.equal(names);
  });

  it('answers POST /Users/.search as the same GET, and refuses a body without its schema (section 3.4.3)', async () => {
    const res = await scim.post('/Users/.search', {
      schemas: [urn.search],
      filter: 'title pr',
      sortBy: 'userName',
      startIndex: 2,
      count: 2,
      attributes: ['userName', 'name.familyName'],
    });
    expect(res.status).to.equal(200);
    expect(res.body).to.include({ totalResults: 4, startIndex: 2, itemsPerPage: 2 });
    expect(order(res.body)).to.deep.equal(['Bravo', 'delta']);
    expect(res.body.Resources[0]).to.have.all.keys('schemas', 'id', 'userName', 'name');
    const bad = await scim.post('/Users/.search', { schemas: [urn.user], filter: 'title pr' });
    expect(bad.body).to.include({ status: '400', scimType: 'invalidSyntax' });
    for (const filter of [{ $ne: 1 }, ['x'], 7]) {
      const odd = await scim.post('/Users/.search', { schemas: [urn.search], filter });
      expect(odd.status).to.equal(400);
    }
  });

  it('searches users and groups together at the root, where unknown attributes have no value (section 3.4.2.1)', async () => {
    const group = await scim.group({ displayName: `Root ${mark}` });
    const both = await scim.post('/.search', {
      schemas: [urn.search],
      filter: `displayName eq "${group.displayName}" or displayName eq "echo"`,
    });
    expect(both.body.totalResults).to.equal(2);
    expect(
      both.body.Resources.map((resource: { meta: { resourceType: string } }) => resource.meta.resourceType),
    ).to.deep.equal(['User', 'Group']);
    const users = await scim.get(`/?filter=${encodeURIComponent('userType eq "Employee"')}&count=2`);
    expect(users.body).to.include({ totalResults: 3, itemsPerPage: 2 });
    const sorted = await scim.get(`/?filter=${encodeURIComponent('displayName pr')}&sortBy=displayName`);
    expect(
      sorted.body.Resources.map((resource: { displayName: string }) => resource.displayName),
    ).to.deep.equal(['Alpha', 'Bravo', 'charlie', 'delta', 'echo', group.displayName]);
    const nowhere = await scim.get(`/?filter=${encodeURIComponent('hatSize eq 7')}`);
    expect(nowhere.body.totalResults).to.equal(0);
  });

  it('refuses an order by an attribute that no type has, at the root too (section 3.4.2.3)', async () => {
    for (const path of ['/?sortBy=hatSize', '/?sortBy=hatSize&cursor=', '/?sortBy=password']) {
      const res = await scim.get(path);
      expect(res.body, path).to.include({ status: '400', scimType: 'invalidValue' });
    }
  });

  it('takes a dateTime without a zone for UTC, wherever the server stands (RFC 7643 section 2.3.5)', async () => {
    const user = await scim.user();
    const created = Date.parse((user['meta'] as { created: string }).created);
    const bare = (offset: number) => new Date(created + offset).toISOString().slice(0, 19);
    const zone = process.env['TZ'];
    try {
      for (const name of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
        process.env['TZ'] = name;
        const filter = `id eq "${user.id}" and meta.created gt "${bare(-60_000)}" and meta.created lt "${bare(60_000)}"`;
        expect(await scim.find('Users', filter), name).to.include({ totalResults: 1 });
      }
    } finally {
      await scim.delete(`/Users/${user.id}`);
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it('takes compatible forms of a character for one, in stored and in other attributes (RFC 7643 section 2.2)', async () => {
    const word = unique('');
    const { id } = await scim.user({ name: { familyName: `ﬁne ${word}` }, title: `ﬁne ${word}` });
    for (const path of ['name.familyName', 'title']) {
      for (const text of [`FINE ${word}`, `ﬁne ${word}`]) {
        expect(await scim.find('Users', `${path} eq "${text}"`), `${path} ${text}`).to.include({
          totalResults: 1,
        });
      }
    }
    await scim.delete(`/Users/${id}`);
  });
});
