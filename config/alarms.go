package config

import (
	"time"

	"github.com/tagwarden/tagwarden/config/strict"
)

// Alarms say when somebody is told that something is to be looked at. Each has a key of its own; one
// that is not written has its defaults.
type Alarms struct {
	Silent          SilentAlarm   `yaml:"silent" doc:"Nothing comes from a site, or for one vendor on it, where the week before at this hour something did (or the day before, while there is no week)."`
	ConsentCollapse CollapseAlarm `yaml:"consent_collapse" doc:"Of the hits of a site far fewer say that something was granted than in the week before."`
	AlwaysGranted   AlwaysAlarm   `yaml:"always_granted" doc:"Every hit of a site says that everything was granted: there is no banner, or it asks nobody."`
	UnknownFields   FieldsAlarm   `yaml:"unknown_fields" doc:"Of the fields of a vendor's hits many more are not in its catalog entry than in the week before."`
	Uncovered       AstrayAlarm   `yaml:"uncovered" doc:"Hits of a site go where no endpoint is, or requests are for hosts of no site."`
	VendorRefuses   RefusesAlarm  `yaml:"vendor_refuses" doc:"A vendor answers requests with 4xx."`
	ObjectionsLag   LagAlarm      `yaml:"objections_lag" doc:"In a cluster: this node has not heard all objections that others took."`
	ReviewDue       ReviewAlarm   `yaml:"review_due" doc:"The review of an approved assessment is near, or past."`
	Disk            DiskAlarm     `yaml:"disk" doc:"Little room is left on the disk of the data folder."`
	Certificate     EndsAlarm     `yaml:"certificate" doc:"A certificate ends soon: of the hits listener, of NATS servers, of webhooks."`
}

// SilentAlarm says when a site is silent.
type SilentAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins."`
	Within Duration `yaml:"within" default:"1h" is:"min=10m,max=24h" doc:"For how long nothing came."`
	Least  int      `yaml:"least" default:"100" is:"min=1,max=1000000000" doc:"How many events have to have come in as long a time before."`
}

// CollapseAlarm says when consent has collapsed.
type CollapseAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins."`
	Within Duration `yaml:"within" default:"1h" is:"min=10m,max=24h" doc:"Of what time hits are counted."`
	Least  int      `yaml:"least" default:"200" is:"min=1,max=1000000000" doc:"Of fewer hits nothing is said; the week before has to hold five times as many."`
	Fall   Percent  `yaml:"fall" default:"50%" doc:"By how much of what it was the share has to fall: 50% is from 60% to 30%."`
}

// AlwaysAlarm says when nobody refuses.
type AlwaysAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins. Right where the site asks before it loads an SDK, so that no hit comes without consent."`
	Within Duration `yaml:"within" default:"24h" is:"min=10m,max=24h" doc:"Of what time hits are counted."`
	Least  int      `yaml:"least" default:"500" is:"min=1,max=1000000000" doc:"Of fewer hits nothing is said."`
}

// FieldsAlarm says when fields are not known.
type FieldsAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins."`
	Within Duration `yaml:"within" default:"1h" is:"min=10m,max=24h" doc:"Of what time fields are counted."`
	Least  int      `yaml:"least" default:"1000" is:"min=1,max=1000000000" doc:"Of fewer fields nothing is said."`
	Rise   Percent  `yaml:"rise" default:"10%" doc:"By how many of all fields the share of unknown ones has to rise: 10% is from 2% to 12%."`
}

// AstrayAlarm says when hits go where nothing covers them.
type AstrayAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins."`
	Within Duration `yaml:"within" default:"1h" is:"min=10m,max=24h" doc:"Of what time hits are counted."`
	Least  int      `yaml:"least" default:"200" is:"min=1,max=1000000000" doc:"Of fewer hits that go astray nothing is said."`
	Share  Percent  `yaml:"share" default:"20%" doc:"How many of all they have to be."`
}

// RefusesAlarm says when a vendor refuses.
type RefusesAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins."`
	Within Duration `yaml:"within" default:"20m" is:"min=10m,max=24h" doc:"Of what time requests are counted."`
	Least  int      `yaml:"least" default:"20" is:"min=1,max=1000000000" doc:"Of fewer requests nothing is said."`
	Share  Percent  `yaml:"share" default:"20%" doc:"How many of all have to be refused."`
}

// LagAlarm says when objections lag.
type LagAlarm struct {
	Off   bool     `yaml:"off" default:"false" doc:"It never begins."`
	After Duration `yaml:"after" default:"1m" is:"min=1s,max=24h" doc:"For how long."`
}

// ReviewAlarm says when a review is due.
type ReviewAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins. Webhooks are still told of assessment_due."`
	Before Duration `yaml:"before" default:"30d" is:"min=1d,max=365d" doc:"How long before."`
}

// DiskAlarm says when the disk is full.
type DiskAlarm struct {
	Off  bool `yaml:"off" default:"false" doc:"It never begins."`
	Free Size `yaml:"free" default:"2GiB" is:"min=1MiB,max=1024GiB" doc:"How much room is too little. More than delivery.queue.reserve and ledger.reserve, where hits are refused."`
}

// EndsAlarm says when a certificate ends.
type EndsAlarm struct {
	Off    bool     `yaml:"off" default:"false" doc:"It never begins."`
	Before Duration `yaml:"before" default:"14d" is:"min=1d,max=365d" doc:"How long before."`
}

// alarmsCheck looks at alarms.
type alarmsCheck struct{ checks }

// run looks at what each is given.
func (c alarmsCheck) run() {
	s := &c.loaded.Server
	a := &s.Alarms
	reserve, of := s.Ledger.Reserve, "ledger.reserve"
	if s.Delivery.Mode == "queued" && s.Delivery.Queue.Reserve > reserve {
		reserve, of = s.Delivery.Queue.Reserve, "delivery.queue.reserve"
	}
	if at := strict.Path("alarms", "disk", "free"); !a.Disk.Off && a.Disk.Free <= reserve && c.server.Has(at...) {
		c.warnings.At(c.server, at,
			"hits are refused where less than %s is left (%s): the alarm comes too late; say more than that",
			reserve, of)
	}
	for _, of := range [...]struct {
		key    string
		before Duration
	}{{"review_due", a.ReviewDue.Before}, {"certificate", a.Certificate.Before}} {
		const day = Duration(24 * time.Hour)
		if at := strict.Path("alarms", of.key, "before"); of.before >= day && of.before%day != 0 && c.server.Has(at...) {
			c.faults.At(c.server, at, "%s is no number of days: write 30d", of.before)
		}
	}
}
