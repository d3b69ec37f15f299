/**
 * Faults of the servers that stand in for MongoDB in tests, so that the product needs no code for them. They run over PostgreSQL and report
 * its deadlocks in PostgreSQL's words, without the label that MongoDB gives every conflict: here such an error gets the label. And they take
 * stages in transactions that MongoDB refuses: here they are refused.
 */
import { mongo } from 'mongoose';

const conflictLabel = mongo.MongoErrorLabel.TransientTransactionError;

if (process.env['MONGODB_URI']) {
  const hasErrorLabel = Reflect.get(mongo.MongoError.prototype, 'hasErrorLabel');
  mongo.MongoError.prototype.hasErrorLabel = function (label) {
    return (
      hasErrorLabel.call(this, label) ||
      (label === conflictLabel && this.message.includes('deadlock detected'))
    );
  };

  const aggregate = Reflect.get(mongo.Collection.prototype, 'aggregate') as (...args: unknown[]) => never;
  mongo.Collection.prototype.aggregate = function (pipeline, options) {
    if (options?.session?.inTransaction() && /"\$(unionWith|out|merge)"/.test(JSON.stringify(pipeline))) {
      throw new mongo.MongoServerError({ code: 263, message: 'stage not supported in a transaction' });
    }
    return aggregate.call(this, pipeline, options);
  };
}
