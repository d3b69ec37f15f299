import { expect } from 'chai';
import { builtInRoles } from '../../../src/identity/permissions.js';
import {
  nestSettings,
  ownSettings,
  parseSettings,
  presets,
  settingsOf,
} from '../../../src/identity/tenants/settings.js';
import type { AppError } from '../../../src/shared/errors.js';

const of = (preset: string) => settingsOf({ preset, settings: {} });

describe('tenant settings', () => {
  it('have the defaults of table C2', () => {
    expect(of('default')).to.include({
      'sessions.idleSeconds': 900,
      'sessions.absoluteSeconds': 43_200,
      'lockout.threshold': 5,
      'lockout.windowSeconds': 900,
      'lockout.lockSeconds': 900,
      'lockout.minGapSeconds': 0,
      'lockout.countMode': 'window',
      'lockout.adminUnlock': true,
      'lockout.devicesApart': true,
      'invites.ttlSeconds': 604_800,
      'password.resetTtlSeconds': 3600,
      'users.deletion': true,
    });
  });

  it('have the strict lockout under the preset contact-center', () => {
    expect(of('contact-center')).to.include({
      'lockout.threshold': 3,
      'lockout.windowSeconds': 900,
      'lockout.lockSeconds': 1800,
      'lockout.minGapSeconds': 3,
      'lockout.countMode': 'cumulative',
      'lockout.adminUnlock': false,
      'lockout.devicesApart': false,
    });
  });

  it('have a preset for each manual', () => {
    expect(presets.map(({ name }) => name)).to.deep.equal([
      'default',
      'contact-center',
      'service-portal',
      'marketing',
      'records',
      'growth',
    ]);
    expect(of('contact-center')).to.include({
      'invites.method': 'temporary_password',
      'profile.nameRule': 'strict',
    });
    expect(of('service-portal')).to.include({ 'approval.required': true, 'sessions.revokeOnDisable': false });
    expect(of('marketing')).to.include({ 'roles.multiple': false, 'twoFactor.mode': 'off' });
    expect(of('records')).to.include({
      'users.deletion': false,
      'sessions.idleSeconds': 0,
      'list.showDisabled': false,
    });
    expect(of('growth')).to.include({ 'profile.adminCanEditEmail': false, 'twoFactor.mode': 'optional' });
  });

  it('are stored nested and read flat', () => {
    const nested = nestSettings({ 'lockout.lockSeconds': 60, 'lockout.threshold': 5 });
    expect(nested).to.deep.equal({ lockout: { lockSeconds: 60, threshold: 5 } });
    expect(ownSettings({ settings: { ...nested, gone: { setting: 1 } } })).to.deep.equal({
      'lockout.lockSeconds': 60,
      'lockout.threshold': 5,
    });
    expect(settingsOf({ preset: 'default', settings: nested })['lockout.lockSeconds']).to.equal(60);
  });

  it('name each wrong one with a pointer', () => {
    const refusal = ((): AppError | undefined => {
      try {
        parseSettings({ 'lockout.lockSeconds': 'long', 'no.such': 1 });
      } catch (error) {
        return error as AppError;
      }
      return undefined;
    })();
    expect(refusal?.code).to.equal('input.invalid');
    expect(refusal?.errors.map(({ pointer }) => pointer).sort()).to.deep.equal([
      '/lockout.lockSeconds',
      '/no.such',
    ]);
  });
});

describe('built-in roles', () => {
  const keys = (preset: string): string[] => builtInRoles(preset).map(({ key }) => key);

  it('are those of each preset (M0-21, M4-5)', () => {
    expect(keys('default')).to.deep.equal(['administrator']);
    expect(keys('records')).to.deep.equal(['administrator']);
    expect(keys('contact-center')).to.deep.equal(['administrator', 'manager', 'viewer', 'agent']);
    expect(keys('service-portal')).to.deep.equal(['administrator', 'account_manager', 'account']);
    expect(keys('marketing')).to.deep.equal(['administrator', 'full_admin', 'restricted_access']);
    expect(keys('growth')).to.deep.equal([
      'administrator',
      'editor',
      'collaborator',
      'viewer',
      'outsourcer',
      'campaign_status_updater',
    ]);
  });

  it('keep users and account apart in the service portal (M1-16)', () => {
    const [, manager, account] = builtInRoles('service-portal');
    expect(manager?.permissions).to.include('users.delete').and.not.include('account.settings');
    expect(account?.permissions).to.include('account.settings').and.not.include('users.read');
  });
});
