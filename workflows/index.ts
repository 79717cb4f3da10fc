export { agentMonitor } from './agent-monitor';
export { chatSession } from './chat-session';
export { mail } from './mail';
export { payment } from './payment';
export { task } from './task';
