/** A token request that is refused, in the words of RFC 6749 section 5.2. */
export class TokenRefusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, description: string, status = 400, retryAfterSeconds?: number) {
    super(description);
    this.name = 'TokenRefusal';
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Who it is was not proved. */
export const invalidClient = (description: string): TokenRefusal =>
  new TokenRefusal('invalid_client', description, 401);

export const invalidRequest = (description: string): TokenRefusal =>
  new TokenRefusal('invalid_request', description);
