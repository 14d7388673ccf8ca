package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/durable"
	"github.com/tagwarden/tagwarden/proxy/delivery"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/stream"
	"github.com/tagwarden/tagwarden/proxy/metrics"
)

// exports are those who get the ledger's records as they are written. Nobody waits for them.
type exports struct {
	all []*exported
}

// exported is one receiver.
type exported struct {
	name     string
	told     string // to whom, and what, in words
	follower *stream.Follower
	log      *zap.Logger
	note     func(text string)

	mu      sync.Mutex
	gaps    map[string]stream.Gap // what is not sent and was not recorded yet, by why
	failing bool
}

// exportDir is where in a data folder it stands how far records were sent.
func exportDir(data string) string { return filepath.Join(data, "export") }

// openExports makes ready to send records on, and records to whom.
func openExports(s *Server) error {
	s.exports = &exports{}
	receivers := s.loaded.Server.Ledger.Export
	if len(receivers) == 0 {
		return nil
	}
	dir := exportDir(s.loaded.Server.Data)
	if err := (durable.Files{Disk: s.opts.Disk}).Folder(dir, 0o700); err != nil {
		return err
	}
	counts := s.metrics.Exports(s.opts.Now, func() []metrics.Export { return s.exports.states(s.ledger.State().Synced) })
	begin := s.ledger.Next()
	var told []string
	for i := range receivers {
		for _, one := range []struct {
			kind string
			make func(*Server, *config.Export) (*exported, stream.Options, error)
		}{{"syslog", syslogExport}, {"otlp", otlpExport}} {
			e, o, err := one.make(s, &receivers[i])
			if err != nil {
				return fmt.Errorf("%s: %w", config.ExportFault(s.loaded, i, "", one.kind, "ca").Place(), err)
			}
			if e == nil {
				continue
			}
			e.follow(s, o, counts, filepath.Join(dir, e.name+".json"), begin)
			s.exports.all = append(s.exports.all, e)
			told = append(told, e.told)
		}
	}
	return s.ledger.Note(ledger.Note{Kind: ledger.KindExport, Text: "records are sent to " + strings.Join(told, "; ")})
}

// syslogExport is a receiver of syslog; nil: there is none.
func syslogExport(s *Server, of *config.Export) (*exported, stream.Options, error) {
	c := of.Syslog
	if c == nil {
		return nil, stream.Options{}, nil
	}
	o := stream.SyslogOptions{
		Address: c.Address, Dial: delivery.Dial(c.Private, nil), Facility: stream.Facilities[c.Facility],
		Enterprise: c.Enterprise,
		Host:       s.opts.node(s.loaded.Server.Cluster),
	}
	how := "syslog"
	if c.TLS {
		host, _, err := net.SplitHostPort(c.Address)
		if err != nil {
			return nil, stream.Options{}, err
		}
		spoken, err := trust(s, c.CA, cmp.Or(c.ServerName, host))
		if err != nil {
			return nil, stream.Options{}, err
		}
		o.TLS, how = spoken, "syslog over TLS"
	}
	e := &exported{name: c.ID(), told: toldOf(c.ID(), c.Address, how, c.Subjects)}
	return e, stream.Options{
		Receiver: stream.NewSyslog(o), Settle: stream.Settled, Behind: uint64(c.Behind), Subjects: c.Subjects,
	}, nil
}

// otlpExport is a receiver of OpenTelemetry logs; nil: there is none.
func otlpExport(s *Server, of *config.Export) (*exported, stream.Options, error) {
	c := of.OTLP
	if c == nil {
		return nil, stream.Options{}, nil
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, stream.Options{}, errors.New("the address is none")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/logs"
	}
	spoken, err := trust(s, c.CA, c.ServerName)
	if err != nil {
		return nil, stream.Options{}, err
	}
	e := &exported{name: c.ID(), told: toldOf(c.ID(), u.Host, "OTLP", c.Subjects)}
	return e, stream.Options{
		Receiver: stream.NewOTLP(stream.OTLPOptions{
			URL: u.String(), Headers: c.Headers, SecretFile: c.SecretFile, TLS: spoken, Dial: delivery.Dial(c.Private, nil),
			Host: s.opts.node(s.loaded.Server.Cluster), Version: s.opts.Version, Now: s.opts.Now,
		}),
		Behind: uint64(c.Behind), Subjects: c.Subjects,
	}, nil
}

// toldOf says to whom records are sent, and what of them is not.
func toldOf(name, address, how string, subjects bool) string {
	text := fmt.Sprintf("%s (%s, %s", name, address, how)
	if !subjects {
		text += ", without subjects"
	}
	return text + ")"
}

// follow makes the follower that sends to a receiver.
func (e *exported) follow(s *Server, o stream.Options, counts *metrics.Exports, file string, begin uint64) {
	e.log, e.gaps = s.opts.Log.With(zap.String("receiver", e.name)), map[string]stream.Gap{}
	e.note = func(text string) {
		if err := s.ledger.Note(ledger.Note{Kind: ledger.KindExport, Text: text}); err != nil {
			fault(e.log, "that records are not sent cannot be recorded", err)
		}
	}
	o.Dir, o.File, o.Begin, o.Now, o.Random = ledgerDir(s.loaded), file, begin, s.opts.Now, s.opts.Random
	o.Files, o.Synced = durable.Files{Disk: s.opts.Disk}, func() uint64 { return s.ledger.State().Synced }
	o.Report = func(err error) { fault(e.log, "sending records of the ledger", err) }
	o.OnSent = func(n uint64) { counts.Sent.WithLabelValues(e.name).Add(float64(n)) }
	o.OnFailed = func(err error) {
		if err != nil {
			counts.Errors.WithLabelValues(e.name).Inc()
		}
		e.failed(err)
	}
	o.OnGap = func(gap stream.Gap) {
		counts.Dropped.WithLabelValues(e.name, gap.Why).Add(float64(gap.Count))
		e.gap(gap)
	}
	e.follower = stream.New(o)
}

// failed says that records cannot be sent, once until they can again.
func (e *exported) failed(err error) {
	e.mu.Lock()
	was := e.failing
	e.failing = err != nil
	e.mu.Unlock()
	switch {
	case err != nil && !was:
		e.log.Warn("records of the ledger cannot be sent: it is tried again, and they wait in its files", zap.Error(err))
	case err == nil && was:
		e.log.Info("records of the ledger are sent again")
	}
}

// gap notes records that are not sent. They are told of together, each minute.
func (e *exported) gap(gap stream.Gap) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if before, some := e.gaps[gap.Why]; some {
		gap.First, gap.End = min(before.First, gap.First), max(before.End, gap.End)
		gap.Count += before.Count
	}
	e.gaps[gap.Why] = gap
}

// whyDropped says in words why records were not sent.
var whyDropped = map[string]string{
	stream.WhyBehind: "it was further behind than it may be", stream.WhyGone: "they were deleted or set aside before",
	stream.WhyDamaged: "they cannot be read", stream.WhyRefused: "it will not have them",
}

// tell says which records were not sent, in the log and on the ledger.
func (e *exported) tell() {
	e.mu.Lock()
	gaps := e.gaps
	e.gaps = map[string]stream.Gap{}
	e.mu.Unlock()
	for why, gap := range gaps {
		text := fmt.Sprintf("%d of the records %d to %d were not sent to %s: %s", gap.Count, gap.First, gap.End-1,
			e.name, whyDropped[why])
		if why == stream.WhyBehind || why == stream.WhyRefused {
			text += fmt.Sprintf("; logs export --number %d-%d has them", gap.First, gap.End-1)
		}
		e.log.Warn("records of the ledger were not sent", zap.Uint64("count", gap.Count), zap.Uint64("first", gap.First),
			zap.Uint64("last", gap.End-1), zap.String("why", why))
		e.note(text)
	}
}

// states tells how the receivers stand, where so many records are on disk.
func (x *exports) states(synced uint64) (all []metrics.Export) {
	for _, e := range x.all {
		s := e.follower.State()
		all = append(all, metrics.Export{
			Name: e.name, Behind: synced - min(s.Next, synced), Oldest: s.Oldest, Failing: !s.Failing.IsZero(),
		})
	}
	return all
}

// sendRecords sends records until the context ends.
func sendRecords(ctx context.Context, s *Server) {
	var all sync.WaitGroup
	for _, e := range s.exports.all {
		all.Go(func() { e.follower.Run(ctx) })
	}
	all.Wait()
}

// tellUnsent says which records were not sent.
func tellUnsent(s *Server) {
	for _, e := range s.exports.all {
		e.tell()
	}
}

func closeExports(s *Server) error {
	tellUnsent(s)
	return nil
}

// exportFails is how long a receiver may fail before health mentions it.
const exportFails = 5 * time.Minute

// exportMention names the receivers that get no records, though hits are taken.
func exportMention(s *Server) (all []string) {
	now := s.opts.Now()
	for _, e := range s.exports.all {
		if of := e.follower.State(); !of.Failing.IsZero() && now.Sub(of.Failing) >= exportFails {
			all = append(all, fmt.Sprintf("records of the ledger are not sent to %s since %s: %s", e.name,
				of.Failing.UTC().Format(time.RFC3339), of.Why))
		}
	}
	return all
}
