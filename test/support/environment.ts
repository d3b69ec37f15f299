/** Loaded before every test file: tests never read the developer's environment. */
for (const name of Object.keys(process.env)) {
  if (
    /^(PORT|HOST|BASE_URL|DATA_DIR|BOOTSTRAP_FILE|SECRET_KEY|SMTP_URL|TRUST_PROXY|LOG_LEVEL|ALLOW_PRIVATE_ISSUERS)$/.test(
      name,
    )
  ) {
    Reflect.deleteProperty(process.env, name);
  }
}
process.env['NODE_ENV'] = 'test';
