export { agentMonitor } from './agent-monitor';
export { chatSession } from './chat-session';
export { payment } from './payment';
export { task } from './task';
