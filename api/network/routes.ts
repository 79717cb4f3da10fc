import { Router } from 'express';
import type { ApiContext } from '../context';
import { confirmRoutes } from './confirm';
import { agentRoutes } from './agents';
import { createNetworkDoor } from './door';
import { endpointRoutes } from './endpoints';
import { ownerEmailRoutes } from './owner-email';
import { artifactRoutes } from './artifacts';
import { talkRoutes } from './task-talk';
import { taskRoutes } from './tasks';

/** The agent network, as its published clients call it (contracts/network.md). */
export function networkRoutes(api: ApiContext): Router {
  const router = Router();
  const call = createNetworkDoor(api);
  confirmRoutes(api, router);
  endpointRoutes(api, { router, call });
  ownerEmailRoutes(api, { router, call });
  agentRoutes(api, { router, call });
  taskRoutes(api, { router, call });
  talkRoutes({ router, call });
  artifactRoutes({ router, call });
  return router;
}
