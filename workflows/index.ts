export { agentMonitor } from './agent-monitor';
export { auditSeal } from './audit-seal';
export { chatSession } from './chat-session';
export { ledgerProof } from './ledger-proof';
export { mail } from './mail';
export { payment } from './payment';
export { refund } from './refund';
export { task } from './task';
