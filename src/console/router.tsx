import { Center, Loader } from '@mantine/core';
import { lazy, Suspense, type ComponentType } from 'react';
import { createBrowserRouter, useRouteError } from 'react-router';
import { SignedIn, useWho } from './session.js';
import { NotAllowed, NotFound, ProblemView } from './ui/Problems.js';
import { Shell } from './ui/Shell.js';

const Root = () => (
  <SignedIn>
    <Shell />
  </SignedIn>
);

function RouteProblem() {
  return <ProblemView error={useRouteError()} />;
}

const Waiting = () => (
  <Center mih="40vh">
    <Loader />
  </Center>
);

/** A page that is fetched when it is first opened, and shown to those who hold the permission. */
function page(path: string, permission: string | undefined, load: () => Promise<{ default: ComponentType }>) {
  const Content = lazy(load);
  const Component = () => {
    const { may } = useWho();
    if (permission !== undefined && !may(permission)) return <NotAllowed permission={permission} />;
    return (
      <Suspense fallback={<Waiting />}>
        <Content />
      </Suspense>
    );
  };
  return { path, Component, ErrorBoundary: RouteProblem };
}

export const router = createBrowserRouter(
  [
    {
      path: '/',
      Component: Root,
      ErrorBoundary: RouteProblem,
      children: [
        page('', undefined, () => import('./pages/Overview.js')),
        page('users', 'users.read', () => import('./pages/Users.js')),
        page('users/invites', 'users.read', () => import('./pages/Invites.js')),
        page('users/import', 'users.create', () => import('./pages/ImportPeople.js')),
        page('users/bulk', 'users.read', () => import('./pages/BulkJobs.js')),
        page('users/invites/import', 'users.create', () => import('./pages/ImportInvites.js')),
        page('users/:id', 'users.read', () => import('./pages/UserPage.js')),
        page('groups', 'users.read', () => import('./pages/Groups.js')),
        page('groups/:id/import', 'groups.manage', () => import('./pages/ImportMembers.js')),
        page('groups/:id', 'users.read', () => import('./pages/GroupPage.js')),
        page('account-clashes', 'users.read', () => import('./pages/AccountClashes.js')),
        page('roles', 'roles.read', () => import('./pages/Roles.js')),
        page('leavers', 'audit.read', () => import('./pages/Leavers.js')),
        page('leavers/:id', 'audit.read', () => import('./pages/LeaverPage.js')),
        page('role-requests', 'roles.assign', () => import('./pages/RoleRequests.js')),
        page('role-requests/:id', 'roles.assign', () => import('./pages/RoleRequests.js')),
        page('applications', 'applications.manage', () => import('./pages/Applications.js')),
        page('applications/:id', 'applications.manage', () => import('./pages/ApplicationPage.js')),
        page('sso-connections', 'sso.manage', () => import('./pages/SsoConnections.js')),
        page('sso-connections/:id', 'sso.manage', () => import('./pages/SsoConnectionPage.js')),
        page('setup-links', 'sso.manage', () => import('./pages/SetupLinks.js')),
        page('directories', 'scim.manage', () => import('./pages/Directories.js')),
        page('directories/:id', 'scim.manage', () => import('./pages/DirectoryPage.js')),
        page('audit', 'audit.read', () => import('./pages/Audit.js')),
        page('audit/access-review', 'audit.read', () => import('./pages/AccessReview.js')),
        page('audit/access-check', 'users.read', () => import('./pages/AccessCheck.js')),
        page('events', 'account.settings', () => import('./pages/Webhooks.js')),
        page('events/feed', 'audit.read', () => import('./pages/EventFeed.js')),
        page('events/webhooks/:id', 'account.settings', () => import('./pages/WebhookPage.js')),
        page('api-keys', 'account.settings', () => import('./pages/ApiKeys.js')),
        page('branding', 'account.settings', () => import('./pages/Branding.js')),
        page('attributes', 'users.read', () => import('./pages/Attributes.js')),
        page('settings', 'account.settings', () => import('./pages/Settings.js')),
        page('jobs', 'account.settings', () => import('./pages/Jobs.js')),
        page('tenants/:id', 'tenants.manage', () => import('./pages/TenantPage.js')),
        page('operator-keys', 'tenants.manage', () => import('./pages/OperatorKeys.js')),
        page('health', 'tenants.manage', () => import('./pages/ServerHealth.js')),
        page('tenants', 'tenants.manage', () => import('./pages/Tenants.js')),
        { path: '*', Component: NotFound },
      ],
    },
  ],
  { basename: '/admin' },
);
