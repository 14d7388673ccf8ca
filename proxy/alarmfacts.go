package proxy

import (
	"math"
	"net"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/alarm"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// alarmRules are when alarms begin, as the server file says.
func alarmRules(a *config.Alarms) alarm.Rules {
	counted := func(off bool, within config.Duration, least int, share config.Percent) alarm.Rule {
		return alarm.Rule{Off: off, Within: within.Duration(), Least: least, Share: share.Of()}
	}
	days := func(d config.Duration) float64 { return float64(d.Duration() / (24 * time.Hour)) }
	return alarm.Rules{
		alarm.Silent: counted(a.Silent.Off, a.Silent.Within, a.Silent.Least, 0),
		alarm.ConsentCollapse: counted(a.ConsentCollapse.Off, a.ConsentCollapse.Within, a.ConsentCollapse.Least,
			a.ConsentCollapse.Fall),
		alarm.AlwaysGranted: counted(a.AlwaysGranted.Off, a.AlwaysGranted.Within, a.AlwaysGranted.Least, 0),
		alarm.UnknownFields: counted(a.UnknownFields.Off, a.UnknownFields.Within, a.UnknownFields.Least,
			a.UnknownFields.Rise),
		alarm.Uncovered: counted(a.Uncovered.Off, a.Uncovered.Within, a.Uncovered.Least, a.Uncovered.Share),
		alarm.VendorRefuses: counted(a.VendorRefuses.Off, a.VendorRefuses.Within, a.VendorRefuses.Least,
			a.VendorRefuses.Share),
		alarm.ObjectionsLag: {Off: a.ObjectionsLag.Off, Limit: a.ObjectionsLag.After.Duration().Seconds()},
		alarm.ReviewDue:     {Off: a.ReviewDue.Off, Limit: days(a.ReviewDue.Before)},
		alarm.Disk:          {Off: a.Disk.Off, Limit: float64(a.Disk.Free)},
		alarm.Certificate:   {Off: a.Certificate.Off, Limit: days(a.Certificate.Before)},
	}
}

// alarmSubjects are what alarms by counts may be about: sites, vendors, and vendors on sites; "" is what is of no site.
func alarmSubjects(loaded *config.Loaded) []string {
	all := []string{""}
	for site := range loaded.Server.Sites {
		all = append(all, site)
		for vendor := range loaded.Server.Vendors {
			all = append(all, site+" "+vendor)
		}
	}
	for vendor := range loaded.Server.Vendors {
		if _, site := loaded.Server.Sites[vendor]; !site {
			all = append(all, vendor)
		}
	}
	return all
}

// alarmCounts reads from the figures what alarms go by.
func alarmCounts(m *metrics.Metrics) []alarm.Count {
	type key struct {
		measure alarm.Measure
		subject string
	}
	sums := map[key]alarm.Count{}
	add := func(measure alarm.Measure, subject string, of, all float64) {
		c := sums[key{measure, subject}]
		sums[key{measure, subject}] = alarm.Count{
			Measure: measure, Subject: subject, Of: c.Of + uint64(of), All: c.All + uint64(all),
		}
	}
	for _, v := range metrics.Values(m.Events) {
		add(alarm.Events, v.Labels["site"], 0, v.Is)
		add(alarm.Events, v.Labels["site"]+" "+v.Labels["vendor"], 0, v.Is)
	}
	for _, v := range metrics.Values(m.Watch.Said) {
		site, some, entire := v.Labels["site"], 0., 0.
		switch v.Labels["said"] {
		case signal.GrantedAll.String():
			some, entire = v.Is, v.Is
		case signal.GrantedSome.String():
			some = v.Is
		}
		add(alarm.Granted, site, some, v.Is)
		add(alarm.Entire, site, entire, v.Is)
		add(alarm.Astray, site, 0, v.Is)
		add(alarm.Astray, "", 0, v.Is)
	}
	for _, v := range metrics.Values(m.Watch.Uncovered) {
		site := v.Labels["site"]
		if add(alarm.Astray, site, v.Is, v.Is); site != "" {
			add(alarm.Astray, "", 0, v.Is)
		}
	}
	for _, v := range metrics.Values(m.Watch.Fields) {
		unlisted := 0.
		if v.Labels["known"] == "no" {
			unlisted = v.Is
		}
		add(alarm.Unlisted, v.Labels["vendor"], unlisted, v.Is)
	}
	for _, v := range metrics.Values(m.Watch.Statuses) {
		refused := 0.
		if v.Labels["status"] == "4xx" {
			refused = v.Is
		}
		add(alarm.Refused, v.Labels["vendor"], refused, v.Is)
	}
	all := make([]alarm.Count, 0, len(sums))
	for _, c := range sums {
		all = append(all, c)
	}
	return all
}

// alarmFacts asks how things stand that are not counted.
type alarmFacts struct {
	server  *Server
	free    func() (uint64, error)
	left    float64              // on the disk, as it was told last; less than 0: never
	servers map[string]time.Time // when certificates of NATS servers end, of those that this node was connected to
}

func newAlarmFacts(s *Server) *alarmFacts {
	f := &alarmFacts{server: s, free: s.opts.Free, left: -1, servers: map[string]time.Time{}}
	if dir := s.loaded.Server.Data; f.free == nil {
		f.free = func() (uint64, error) { return objection.FreeOn(dir) }
	}
	return f
}

// all are the facts.
func (f *alarmFacts) all(now time.Time, loaded *config.Loaded) (all []alarm.Fact) {
	s := f.server
	add := func(name alarm.Name, subject string, value float64) {
		all = append(all, alarm.Fact{Name: name, Subject: subject, Value: value})
	}
	ends := func(subject string, at time.Time) {
		if !at.IsZero() {
			add(alarm.Certificate, subject, math.Floor(at.Sub(now).Hours()/24))
		}
	}
	register := loaded.Policy.Assessments()
	for _, id := range register.IDs() {
		if days, ok := register.DaysLeft(id, now); ok && register.Approved(id) {
			add(alarm.ReviewDue, id, float64(days))
		}
	}
	if free, err := f.free(); err == nil {
		f.left = float64(free)
	}
	if f.left >= 0 {
		add(alarm.Disk, "", f.left)
	}
	if s.certificate.files != nil {
		ends("hits", s.certificate.current.Load().Leaf.NotAfter)
	}
	for _, one := range s.outbox.States() {
		if one.Known {
			ends("webhook "+one.Name, one.Ends)
		}
	}
	if s.nodes == nil {
		return all
	}
	if log := s.nodes.log.Load(); log != nil {
		of := log.Status()
		heard := of.Fresh
		if heard.IsZero() {
			heard = s.nodes.began
		}
		add(alarm.ObjectionsLag, "", max(now.Sub(heard).Seconds(), 0))
		if host, _, err := net.SplitHostPort(of.Server); err == nil && !of.Ends.IsZero() {
			f.servers[host] = of.Ends
		}
	}
	for host, at := range f.servers {
		ends("nats "+host, at)
	}
	return all
}
