import { adminCreateCommand, adminRecoverCommand } from './admin.js';
import { apiKeyCreateCommand, apiKeyRevokeCommand } from './api-key.js';
import { auditVerifyCommand } from './audit.js';
import { backupCommand } from './backup.js';
import { checkCommand } from './check.js';
import type { Command } from './command.js';
import { demoCommand } from './demo.js';
import { eraseCommand } from './erase.js';
import { importPeopleCommand } from './import-people.js';
import { migrateCommand } from './migrate.js';
import { openApiCommand } from './openapi.js';
import {
  operatorKeyCreateCommand,
  operatorKeyListCommand,
  operatorKeyRevokeCommand,
} from './operator-key.js';
import { planCommand } from './plan.js';
import { receiptVerifyCommand } from './receipt.js';
import { simCommand, simRunCommand } from './sim.js';
import { startCommand } from './start.js';
import { tenantCreateCommand, tenantListCommand } from './tenants.js';
import { tokenCreateCommand, tokenRevokeCommand, tokenRotateCommand } from './token.js';
import { exportCommand, importCommand } from './transfer.js';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  startCommand,
  demoCommand,
  simCommand,
  simRunCommand,
  checkCommand,
  adminCreateCommand,
  adminRecoverCommand,
  apiKeyCreateCommand,
  apiKeyRevokeCommand,
  operatorKeyCreateCommand,
  operatorKeyListCommand,
  operatorKeyRevokeCommand,
  tenantCreateCommand,
  tenantListCommand,
  tokenCreateCommand,
  tokenRotateCommand,
  tokenRevokeCommand,
  exportCommand,
  importCommand,
  importPeopleCommand,
  planCommand,
  backupCommand,
  migrateCommand,
  eraseCommand,
  auditVerifyCommand,
  receiptVerifyCommand,
  openApiCommand,
];
