import fc from 'fast-check';
import './stand-in.js';

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

// Property tests draw the same cases in every run, so that a failure is of the change and not of the day; FUZZ_SEED draws others.
fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_122) });
