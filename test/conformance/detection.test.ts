import { expect } from 'chai';
import { systemClock } from '../../src/shared/clock.js';
import { silentNarrator } from '../../src/sim/narrator.js';
import { makeGroup, makePerson } from '../../src/sim/person.js';
import { profileNamed } from '../../src/sim/profiles/by-name.js';
import type { Profile } from '../../src/sim/profiles/profile.js';
import { runSteps, type Pusher } from '../../src/sim/run-steps.js';
import type { Step } from '../../src/sim/step.js';
import { findings, newDirectory, patch, schemas, startProvider, type Provider } from '../support/provider.js';

/** Entra with the flag, of which the server sees nothing in the address. */
const withoutFlag = (step: Step): Step => ({
  ...step,
  path: step.path.replace(/[?&]aadOptscim062020/, ''),
});

describe('finding out which provider a directory with dialect auto belongs to', () => {
  let first: Provider;
  let provider: Provider;
  let serial = 0;
  before(async () => {
    first = await startProvider('auto', {});
  });
  beforeEach(async () => {
    serial += 1;
    provider = await newDirectory(first, `Directory ${serial}`);
  });
  after(() => first.stop());

  /** A working life: what a provider sends in its first days. */
  const stepsOf = (profile: Profile, name: string): Step[] => {
    const domain = `${profile.name}${serial}.example`;
    const person = makePerson(name, domain, 'Support');
    const group = makeGroup(`Group of ${name}`, domain);
    return [
      ...profile.probe(),
      ...profile.join(person),
      ...profile.pushGroup(group),
      ...profile.addMember(group, person),
      ...profile.change(person, { title: 'Manager', department: 'Sales' }),
      ...profile.removeMember(group, person),
      ...profile.suspend(person),
      ...profile.resume(person),
    ];
  };

  /** Plays a provider under a User-Agent (undefined: none). */
  const play = async (profile: Profile, steps: readonly Step[], userAgent?: string): Promise<void> => {
    const { 'user-agent': _own, ...headers } = profile.headers;
    const pusher: Pusher = {
      target: provider,
      headers: { ...headers, ...(userAgent !== undefined && { 'user-agent': userAgent }) },
      memory: new Map(),
    };
    const options = { clock: systemClock, narrator: silentNarrator, assert: true, pauseMs: 0 };
    await runSteps(pusher, steps, options);
  };

  const cases: [name: Parameters<typeof profileNamed>[0], learned: string, misleading: string][] = [
    ['okta', 'okta', 'Google-Auto-Provisioning'],
    ['entra', 'entra', 'Okta SCIM Client 1.0.0'],
    ['entra-rfc', 'entra', 'JumpCloud_SCIM/1.0'],
    ['onelogin', 'onelogin', 'Okta SCIM Client 1.0.0'],
    ['jumpcloud', 'jumpcloud', 'Microsoft-Azure-AD'],
    ['google', 'google', 'PingOne Provisioning'],
    ['ping', 'ping', 'OneLogin SCIM'],
  ];
  for (const [name, learned, misleading] of cases) {
    it(`knows ${name} by its requests, without a User-Agent`, async () => {
      await play(profileNamed(name), stepsOf(profileNamed(name), 'Ada Lovelace'));
      expect((await findings(provider)).learned).to.equal(learned);
    });

    it(`knows ${name} by its requests, whatever its User-Agent claims`, async () => {
      await play(profileNamed(name), stepsOf(profileNamed(name), 'Ada Lovelace'), misleading);
      expect((await findings(provider)).learned).to.equal(learned);
    });
  }

  for (const name of ['authentik', 'keycloak', 'wso2', 'connid'] as const) {
    it(`takes ${name} for no other provider`, async () => {
      const profile = profileNamed(name);
      await play(profile, [
        ...stepsOf(profile, 'Ada Lovelace'),
        ...profile.renameGroup(makeGroup('Group of Ada Lovelace', `${name}${serial}.example`), 'Renamed'),
      ]);
      expect((await findings(provider)).learned).to.equal(null);
    });
  }

  it('knows Entra with its flag by what it sends alone, the flag out of sight', async () => {
    const profile = profileNamed('entra-rfc');
    await play(profile, stepsOf(profile, 'Ada Lovelace').map(withoutFlag));
    expect((await findings(provider)).learned).to.equal('entra');
  });

  it('does not detect a provider by the User-Agent alone', async () => {
    for (const userAgent of ['Okta SCIM Client 1.0.0', 'Google-Auto-Provisioning', 'PingFederate/12']) {
      await provider.send('GET', '/Users', undefined, { 'user-agent': userAgent });
    }
    expect((await findings(provider)).learned).to.equal(null);
  });

  it('does not change its mind while two providers share a token', async () => {
    const [okta, entra] = [profileNamed('okta'), profileNamed('entra')];
    await play(okta, stepsOf(okta, 'Ada Lovelace'));
    expect((await findings(provider)).learned).to.equal('okta');
    for (const name of ['Alan Turing', 'Grace Hopper', 'Radia Perlman']) {
      await play(entra, stepsOf(entra, name));
      expect((await findings(provider)).learned, `while Entra pushes ${name}`).to.equal('okta');
      await play(okta, stepsOf(okta, name));
      expect((await findings(provider)).learned, `while Okta pushes ${name}`).to.equal('okta');
    }
  });

  it('lets a request of Entra make what it replaces, even before its first mark of Entra', async () => {
    const user = { schemas: [schemas.user], userName: 'order@contoso.example' };
    const { id } = await provider.expect(201, 'POST', '/Users', user);
    const mobile = { op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '1' };
    expect((await provider.expect(400, 'PATCH', `/Users/${id}`, patch(mobile)))['scimType']).to.equal(
      'noTarget',
    );
    const marked = patch(mobile, { op: 'Replace', path: 'active', value: 'True' });
    const changed = await provider.expect(200, 'PATCH', `/Users/${id}`, marked);
    expect(changed['phoneNumbers']).to.deep.equal([{ type: 'mobile', value: '1' }]);
  });

  it('once it knows Entra, lets it replace what is not there in requests without any mark', async () => {
    const profile = profileNamed('entra-rfc');
    await play(profile, stepsOf(profile, 'Ada Lovelace').map(withoutFlag));
    expect((await findings(provider)).learned).to.equal('entra');
    const [user] = (await provider.expect(200, 'GET', '/Users'))['Resources'];
    const mobile = { op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '1' };
    const changed = await provider.expect(200, 'PATCH', `/Users/${user.id}`, patch(mobile));
    expect(changed['phoneNumbers']).to.deep.equal([{ type: 'mobile', value: '1' }]);
  });

  it('reads the flag where a client leaves it before the path, and never answers everything instead', async () => {
    const user = { schemas: [schemas.user], userName: 'base@contoso.example' };
    const { id } = await provider.expect(201, 'POST', '/Users', user);
    await provider.expect(201, 'POST', '/Users', { ...user, userName: 'other@contoso.example' });
    const filter = '?aadOptscim062020/Users?filter=userName eq "base@contoso.example"';
    expect((await provider.expect(200, 'GET', filter))['totalResults']).to.equal(1);
    await provider.expect(200, 'GET', `/?aadOptscim062020/Users/${id}`);
  });
});
