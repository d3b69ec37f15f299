/**
 * Faults of the servers that stand in for MongoDB in tests. They run over PostgreSQL and report its deadlocks in PostgreSQL's words,
 * without the label that MongoDB gives every conflict. Here such an error gets the label, so that the product needs no code for them.
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
}
