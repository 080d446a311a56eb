import { defineFleet } from '@hyperfleet/config';

export default defineFleet({
  mode: 'paper',
  speed: 10,
  restart: { firstDelay: 20, maxDelay: 100 },
  bots: [{ id: 'One' }, { id: 'Two' }],
});
