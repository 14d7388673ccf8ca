import { jitsuAnalytics } from '@jitsu/js';

window.jitsuAnalytics = jitsuAnalytics;
let analytics;
window.sdk = {
  started(loaded) { analytics = loaded; },
  page: () => analytics.page('Shop', { plan: 'free' }),
  track: (name, properties) => analytics.track(name, properties),
  identify: p => analytics.identify(p.id, { email: p.email, firstName: p.first, lastName: p.last, phone: p.phone, address: p.address, birthday: p.birthday }),
};
