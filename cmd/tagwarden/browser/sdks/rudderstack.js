import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

const rudderanalytics = new RudderAnalytics();
window.rudderanalytics = rudderanalytics;
window.sdk = {
  started: () => new Promise(ready => { rudderanalytics.ready(ready); }),
  page: () => rudderanalytics.page('Shop', { plan: 'free' }),
  track: (name, properties) => rudderanalytics.track(name, properties),
  identify: p => rudderanalytics.identify(p.id, { email: p.email, firstName: p.first, lastName: p.last, phone: p.phone, address: p.address, birthday: p.birthday }),
};
