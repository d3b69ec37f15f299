import { AppError } from '../../src/shared/errors.js';

/** The AppError that some work ends with; anything else fails the test. */
export async function refusal(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
