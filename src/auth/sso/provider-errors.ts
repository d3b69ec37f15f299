/** The provider said no: the person cancelled, or is not assigned to us there. */
export class ProviderDenied extends Error {}

/** A token that is well signed and says what cannot be. */
export class ImplausibleClaims extends Error {}

/** An answer that is not one to this browser's sign-in at this connection. */
export class StrayAnswer extends Error {}

/** The person did not sign in there as freshly as the application asks. */
export class StaleSignIn extends Error {}
