/** What a framework needs to know of an application. */
export interface QuickStartFacts {
  issuer: string;
  clientId: string;
  redirectUri: string;
  isPublic: boolean;
  /** A program that acts for itself: no person signs in. */
  isMachine: boolean;
}

interface Snippet {
  /** The framework, as it calls itself. */
  title: string;
  /** The file it stands in. */
  file: string;
  code: string;
}

const scopes = 'openid email profile roles offline_access';

/** What a library needs, as environment variables. */
export const environmentOf = ({ issuer, clientId, redirectUri, isPublic }: QuickStartFacts): string =>
  [
    `OIDC_ISSUER=${issuer}`,
    `OIDC_CLIENT_ID=${clientId}`,
    ...(isPublic ? [] : ['OIDC_CLIENT_SECRET=…']),
    `OIDC_REDIRECT_URI=${redirectUri}`,
    `OIDC_SCOPE="${scopes}"`,
  ].join('\n');

/** What follows the client id: the secret, and that the issuer is on http where it is. */
function discoveryArguments(issuer: string, isPublic: boolean): string {
  const secret = isPublic ? '' : ', process.env.OIDC_CLIENT_SECRET';
  if (!issuer.startsWith('http:')) return secret;
  return `${secret || ', undefined'}, undefined, {
  execute: [oidc.allowInsecureRequests], // http: only while you try it out
}`;
}

const express = ({ issuer, clientId, redirectUri, isPublic }: QuickStartFacts): Snippet => ({
  title: 'Express (openid-client)',
  file: 'sign-in.mjs',
  code: `import * as oidc from 'openid-client';

const server = await oidc.discovery(new URL('${issuer}'), '${clientId}'${discoveryArguments(issuer, isPublic)});

app.get('/login', async (req, res) => {
  const verifier = (req.session.verifier = oidc.randomPKCECodeVerifier());
  const state = (req.session.state = oidc.randomState());
  res.redirect(oidc.buildAuthorizationUrl(server, {
    redirect_uri: '${redirectUri}',
    scope: '${scopes}',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  }).href);
});

app.get(new URL('${redirectUri}').pathname, async (req, res) => {
  const url = new URL(req.originalUrl, '${redirectUri}');
  const { verifier, state } = req.session;
  const tokens = await oidc.authorizationCodeGrant(server, url, { pkceCodeVerifier: verifier, expectedState: state });
  req.session.user = tokens.claims(); // sub, email, roles, permissions, tenant
  res.redirect('/');
});`,
});

const next = ({ issuer, clientId }: QuickStartFacts): Snippet => ({
  title: 'Next.js (Auth.js)',
  file: 'auth.ts',
  code: `import NextAuth from 'next-auth';

// The redirect address is /api/auth/callback/gatehouse: register it here.
export const { handlers, auth } = NextAuth({
  providers: [{
    id: 'gatehouse',
    name: 'Gatehouse',
    type: 'oidc',
    issuer: '${issuer}',
    clientId: '${clientId}',
    clientSecret: process.env.OIDC_CLIENT_SECRET,
    authorization: { params: { scope: '${scopes}' } },
  }],
  callbacks: {
    jwt: ({ token, profile }) => (profile ? { ...token, roles: profile.roles } : token),
  },
});`,
});

const browser = ({ issuer, clientId, redirectUri }: QuickStartFacts): Snippet => ({
  title: 'React, Vue, Angular (oidc-client-ts)',
  file: 'sign-in.ts',
  code: `import { UserManager } from 'oidc-client-ts';

const manager = new UserManager({
  authority: '${issuer}',
  client_id: '${clientId}',
  redirect_uri: '${redirectUri}',
  scope: '${scopes}',
});
await manager.signinRedirect();                   // a button: Sign in
const user = await manager.signinCallback();      // on the page of the redirect address
console.log(user?.profile);                       // sub, email, roles, permissions, tenant`,
});

const spring = ({ issuer, clientId, redirectUri }: QuickStartFacts): Snippet => ({
  title: 'Spring Boot',
  file: 'application.yml',
  code: `spring.security.oauth2.client:
  provider.gatehouse.issuer-uri: ${issuer}
  registration.gatehouse:
    client-id: ${clientId}
    client-secret: \${OIDC_CLIENT_SECRET}
    redirect-uri: ${redirectUri}
    scope: ${scopes.split(' ').join(', ')}`,
});

const dotnet = ({ issuer, clientId, redirectUri }: QuickStartFacts): Snippet => ({
  title: 'ASP.NET Core',
  file: 'Program.cs',
  code: `builder.Services.AddAuthentication("Cookies").AddCookie("Cookies").AddOpenIdConnect(options => {
  options.Authority = "${issuer}";${issuer.startsWith('http:') ? '\n  options.RequireHttpsMetadata = false; // http: only while you try it out' : ''}
  options.ClientId = "${clientId}";
  options.ClientSecret = builder.Configuration["OIDC_CLIENT_SECRET"];
  options.CallbackPath = new Uri("${redirectUri}").AbsolutePath;
  options.ResponseType = "code";
  options.Scope.Add("email");
  options.Scope.Add("roles");
  options.TokenValidationParameters.RoleClaimType = "roles";
});`,
});

const python = ({ issuer, clientId, redirectUri }: QuickStartFacts): Snippet => ({
  title: 'Flask (Authlib)',
  file: 'app.py',
  code: `oauth = OAuth(app)
oauth.register('gatehouse', client_id='${clientId}', client_secret=os.environ['OIDC_CLIENT_SECRET'],
    server_metadata_url='${issuer}/.well-known/openid-configuration',
    client_kwargs={'scope': '${scopes}', 'code_challenge_method': 'S256'})

@app.get('/login')
def login():
    return oauth.gatehouse.authorize_redirect('${redirectUri}')

@app.get(urlparse('${redirectUri}').path)
def callback():
    session['user'] = oauth.gatehouse.authorize_access_token()['userinfo']
    return redirect('/')`,
});

const curl = ({ issuer, clientId }: QuickStartFacts): Snippet => ({
  title: 'curl',
  file: 'token.sh',
  code: `curl -u "${clientId}:$OIDC_CLIENT_SECRET" ${issuer}/token -d grant_type=client_credentials`,
});

/** How to sign people in, per framework, with the application's own values in place. */
export function quickStarts(facts: QuickStartFacts): Snippet[] {
  if (facts.isMachine) return [curl(facts)];
  return facts.isPublic
    ? [browser, express].map((make) => make(facts))
    : [express, next, spring, dotnet, python].map((make) => make(facts));
}
