package proxy

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/memory"
	"github.com/tagwarden/tagwarden/proxy/metrics"
	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/rarity"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// What each part is given, part by part: nothing here decides anything. See parts.go.

func openMemory(s *Server) error {
	s.budget = memory.NewBudget(s.loaded.Server.Limits.Memory.Of(s.opts.Memory))
	s.metrics.Memory(s.budget.Held, s.budget.Most)
	return nil
}

func openTLS(s *Server) (err error) {
	s.certificate, err = openCertificate(s.loaded.Server.TLS, s.opts.Log, s.opts.Now)
	if err == nil && s.loaded.Server.TLS != nil {
		s.metrics.CertificateDaysLeft(s.certificate.daysLeft)
	}
	return err
}

// renewTLS takes up what was renewed on disk: the own certificate, and those that others' have to be signed by.
func renewTLS(s *Server) {
	s.certificate.renew()
	s.trusts.each((*trusted).renew)
}

func openLock(s *Server) (err error) {
	if s.lock, err = LockData(s.loaded.Server.Data); err != nil {
		return err
	}
	if s.lock.Shut != "" {
		s.opts.Log.Warn(s.lock.Shut)
	}
	if err := writeFormat(s.loaded.Server.Data, s.opts.Version, s.opts.Disk); err != nil {
		return errors.Join(err, s.lock.Release())
	}
	return nil
}

func closeLock(s *Server) error { return s.lock.Release() }

// openPolicy compiles the policy with what the ledger remembers of assessments and
// promises, and what other nodes said of them.
func openPolicy(s *Server) (err error) {
	if s.recovered, err = recoverState(ledgerDir(s.loaded), s.opts.Disk, s.opts.Log); err != nil {
		return err
	}
	if s.assessed, err = newAssessed(s); err != nil {
		return err
	}
	if s.promised, err = newPromised(s); err != nil {
		return err
	}
	s.loaded, err = config.Again(s.loaded, s.loaded.Source, s.promised.over(s.assessed.over(s.recovered.facts())))
	return err
}

// ledgerDir is where in its data folder the ledger is.
func ledgerDir(loaded *config.Loaded) string { return filepath.Join(loaded.Server.Data, "ledger") }

// openKeys comes before the ledger, for what is recorded is recorded under its keys; what the
// ledger remembers of them is read by then.
func openKeys(s *Server) (err error) {
	shareKeys(s)
	s.keyring, err = openKeyring(keyringOptions{
		Store: keys.Options{
			Dir: KeysDir(s.loaded.Server.Data), Root: s.opts.Root, Shared: s.loaded.Server.Cluster != nil, Now: s.opts.Now,
			Rand: s.opts.Rand, Files: s.opts.KeyFiles,
			Disk: s.opts.Disk, Recover: func() (keys.Recovered, error) { return keys.Recovered(s.recovered.Keys), nil },
		},
		Log: s.opts.Log, Now: s.opts.Now, Clock: s.clock, Aside: s.opts.Aside, InForce: s.snapshot.Load,
		Note: func(k ledger.Keys) error {
			if s.ledger == nil {
				return nil // the record that it begins with says how they stand
			}
			return s.ledger.Keys(k)
		},
		Turned: func(now time.Time) {
			if s.values != nil {
				s.values.Turn(now)
			}
		},
	})
	return err
}

func closeKeys(s *Server) error { return s.keyring.close() }
func turnKeys(s *Server)        { s.keyring.turn(s.opts.Now()) }

// latest is the latest time that was ever gone by, as far as the key state tells: what expired stays expired.
func (s *Server) latest(now time.Time) time.Time {
	if since := s.snapshot.Load().keys.Load().Since(); since.After(now) {
		return since
	}
	return now
}

// openObjections opens the store, with what the ledger remembers of it; under the keys' identity its subjects are
// hashed.
func openObjections(s *Server) (err error) {
	s.acts = &recordedActs{log: s.opts.Log, note: func(acts []ledger.Objected, head ledger.Head) error {
		return s.ledger.Objected(acts, head)
	}}
	s.nodes = newNodes(s)
	tell := teller{s.keyring.store.State().OutboxKey(), s.opts.Rand}
	s.objections, err = objection.Open(objection.Options{
		Tell: tell.tell, Order: s.nodes.order(), Probed: s.nodes.probed, Rand: s.opts.Rand,
		Dir: ObjectionsDir(s.loaded.Server.Data), Identity: s.keyring.store.State().Identity(), Now: s.opts.Now,
		Past: s.recovered.stood(), Because: s.opts.Because,
		Record: s.acts.record, InForce: s.inflight.WaitQuiescent, Commit: s.opts.Commit, Free: s.opts.Free, Disk: s.opts.Disk,
	})
	if err != nil {
		return err
	}
	s.objector = &objector{objectorOptions{
		Log: s.opts.Log, Now: s.opts.Now, Rand: s.opts.Rand, Metrics: s.metrics, Store: s.objections, Keyring: s.keyring,
		InForce: s.snapshot.Load, Kick: func() { s.outbox.Kick() },
	}}
	return nil
}

func closeObjections(s *Server) error { return s.objections.Close() }
func lookForRoom(s *Server)           { s.objections.LookForRoom() }

// openDelivery puts the first snapshot in place, with its connections to vendors. Each later one is put there by
// Reload.
func openDelivery(s *Server) error {
	snapshot, err := s.newSnapshot(s.loaded)
	if err != nil {
		return err
	}
	s.snapshot.Store(snapshot)
	s.reloads.good(s.opts.Now())
	s.metrics.Build(s.opts.Version)
	s.metrics.Policy(func() metrics.Policy { return s.reloads.state(s.Policy()) })
	return nil
}

func closeDelivery(s *Server) error {
	s.snapshot.Load().Delivery.Close()
	return nil
}

// rarityFile is where in a data folder it is counted how rare values are.
const rarityFile = "rarity"

func openRarity(s *Server) (err error) {
	s.values, err = openValueCounts(rarity.Options{
		File: filepath.Join(s.loaded.Server.Data, rarityFile), Now: s.opts.Now, Rand: s.opts.Rand, Disk: s.opts.Disk,
	}, s.opts.Log)
	if err == nil {
		s.values.UpTo(s.loaded.Policy.Rarest())
	}
	return err
}

func closeRarity(s *Server) error { return s.values.Close() }
func keepRarity(s *Server)        { s.values.keep() }

// openActs records acts that a crash kept off the ledger. From here on acts can be taken, until closeObjections has
// ended those under way: what is done by then is recorded.
func openActs(s *Server) error {
	if stood := s.recovered.stood(); objection.ReplicaOf(s.objections).Lacks() {
		s.acts.known = stood.Size
		return nil
	}
	return s.acts.catchUp(context.Background(), s.objections, s.recovered.stood(), s.opts.Because)
}

func actsHealth(s *Server) string {
	switch err := s.objections.Err(); {
	case errors.Is(err, objection.ErrGone):
		return "the objections' file is not in its place: " +
			"nothing is acknowledged, and nothing is forwarded that one may object to"
	case err != nil:
		return "objections cannot be taken any more: nothing is forwarded that one may object to"
	case s.objections.Full():
		return "too little room on the disk: objections are not taken, and nothing is forwarded that one may object to"
	default:
		return ""
	}
}

// openFollow comes behind acts: what is left in its list at the end is written down while acts can be.
func openFollow(s *Server) error {
	s.follower = newFollower(followerOptions{
		Log: s.opts.Log, Now: s.opts.Now, Every: s.opts.Every, Metrics: s.metrics,
		Follow: s.objections.Follow, Expire: s.objections.Expire, Begun: s.objections.Begun,
	})
	return nil
}

func closeFollow(s *Server) error                  { return s.follower.close() }
func followPersons(ctx context.Context, s *Server) { s.follower.run(ctx) }

// openKeeper comes behind acts, as openFollow does.
func openKeeper(s *Server) error {
	s.keeper = newKeeper(keeperOptions{
		Log: s.opts.Log, Now: s.opts.Now, Every: s.opts.Every, Metrics: s.metrics, Keep: s.objections.Keep,
	})
	return nil
}

func closeKeeper(s *Server) error                { return s.keeper.close() }
func keepOptOuts(ctx context.Context, s *Server) { s.keeper.run(ctx) }

// openCookieActs comes behind the ledger and the store, which are told of them.
func openCookieActs(s *Server) error {
	tally := func(ctx context.Context, all []objection.Tally) error {
		_, err := s.objections.Apply(ctx, objection.Batch{Tallies: all})
		return err
	}
	s.cookieActs = newCookieActs(s.opts.Now, s.ledger.ObjectedByCookie, tally)
	s.cookieActs.fault = func(err error) {
		fault(s.opts.Log, "what visitors objected to in browsers without identifiers is in force there, and cannot be "+
			"recorded: it will be tried again in a minute", err)
	}
	return nil
}

// openChoices comes behind the ledger and the store, too.
func openChoices(s *Server) error {
	s.choices = newChoices(choicesOptions{
		Now: s.opts.Now, Metrics: s.metrics, InForce: s.objector.inForce, Apply: s.objections.Apply,
		Note: s.ledger.ObjectedByCookie,
	})
	return nil
}

func closeCookieActs(s *Server) error { return s.cookieActs.keep() }

func keepCookieActs(s *Server) {
	if err := s.cookieActs.keep(); err != nil {
		s.cookieActs.fault(err)
	}
}

func openRefusals(s *Server) error {
	s.refusals = &refusals{aggregate: aggregate[rules.Reason]{since: s.opts.Now()}, now: s.opts.Now,
		note: s.ledger.Refusals}
	return nil
}

func closeRefusals(s *Server) error { return s.refusals.keep() }

func keepRefusals(s *Server) {
	if err := s.refusals.keep(); err != nil {
		fault(s.opts.Log, "refused hits cannot be recorded", err)
	}
}

func openTurnedAway(s *Server) error {
	s.turnedAway = newTurnedAway(s.opts.Now, s.ledger.TurnedAway)
	return nil
}

func closeTurnedAway(s *Server) error { return s.turnedAway.keep() }

func keepTurnedAway(s *Server) {
	if err := s.turnedAway.keep(); err != nil {
		fault(s.opts.Log, "calls of the API that were not let in cannot be recorded", err)
	}
}

func openReviews(s *Server) error {
	s.reviews = newReviews(reviewsOptions{
		Log: s.opts.Log, Now: s.opts.Now, Rand: s.opts.Rand, Metrics: s.metrics, Recovered: s.recovered,
		Key: s.keyring.store.State().OutboxKey(), InForce: s.snapshot.Load, Note: s.ledger.Assessed,
		Post:   posting(s),
		Repeat: s.repeatRemembered,
	})
	s.reviews.measure()
	lookAtHooks(s.opts.Log, s.loaded)
	return nil
}

func watchReviews(ctx context.Context, s *Server) { s.reviews.watch(ctx) }
func measureReviews(s *Server)                    { s.reviews.measure() }

func openVisitors(s *Server) error {
	s.visitors = newVisitors(s.opts.Log, visitor.Options{
		Objector: s.objector, Key: s.keyring.store.State().SigningKey(), Now: s.opts.Now,
		Recognise: func(h *fasthttp.RequestHeader) []objection.ID { return s.snapshot.Load().recognise(h) },
		Random:    func(id objection.ID) bool { return s.snapshot.Load().Policy.BrowserID(id.Name, []byte(id.Value)) },
		Accounts: func(h *fasthttp.RequestHeader) bool {
			return s.snapshot.Load().Policy.AccountCookies(signal.CookieHeader(h.Peek("Cookie")))
		},
		Rand: s.opts.Rand, GoesOn: s.objector.goesOn,
		CookieOnly: func(c objection.Change) {
			c.Campaign = s.snapshot.Load().Policy.ScrubName(c.Campaign)
			s.objector.count([]objection.Change{c}, []objection.Receipt{{New: true}})
			s.cookieActs.add(&c)
		},
		Choose:  s.choices.post,
		Refused: func(cause string) { s.metrics.Untaken.WithLabelValues(cause).Inc() },
	})
	return nil
}

// openAPI makes the API: for staff and other systems behind tokens, and for the operator without any.
func openAPI(s *Server) error {
	records := &recordsDesk{
		dir: ledgerDir(s.loaded), next: s.ledger.Next, elapsed: s.opts.Elapsed, inForce: s.snapshot.Load,
		words: &PolicyWords{},
	}
	var restore func(context.Context, bool) (api.ClusterRestored, error)
	if s.nodes != nil {
		restore = restoring{s}.restore
	}
	options := api.Options{
		Objector: s.objector, Store: s.objections, Tokens: s.tokens, Now: s.opts.Now,
		Scopes: func() []string { return s.snapshot.Load().Policy.ScopeNames() },
		Check:  s.objector.check, Link: s.objector.link,
		Hashes:       func(ids []objection.ID) ([]objection.Subject, error) { return s.objector.subjects(ids, nil) },
		PhoneCountry: func(site string) string { return s.snapshot.Load().Loaded.PhoneCountry(site) },
		FeedKey:      func() [32]byte { return s.keyring.store.State().FeedKey() },
		Report:       func(what string, err error) { fault(s.opts.Log, what, err) },
		Assessments:  func(now time.Time) any { return s.snapshot.Load().Loaded.Standings(s.latest(now)) },
		Vouch:        s.choices.vouch,
		Log:          s.ledger, Witnessed: s.checkpoints.witnessed,
		Cluster: clusterStatus(s), Restore: restore, Queue: newQueueDesk(s), Eraser: newEraserDesk(s),
		Backup:  newBackups(s).make,
		Records: records, Why: records.Why, Audits: s.audits,
		Subjects: &personDesk{recordsDesk: records, now: s.opts.Now, standing: s.objector.Standing},
		Readings: &readings{log: s.ledger, rand: s.opts.Rand}, Taps: newTapDesk(s),
		Refused: func(of api.Refused) {
			s.metrics.Turned.WithLabelValues(of.Why).Inc()
			s.turnedAway.add(of)
		},
	}
	s.api = api.New(options)
	options.Operator, options.Alone = true, s.opts.Aside
	s.operator = api.New(options)
	return nil
}

// openControl makes ready to be given commands. A server that cannot be given any goes on without.
func openControl(s *Server) error {
	if s.opts.Aside {
		return nil
	}
	l, err := listenControl(s.loaded.Server.Data)
	if err != nil {
		fault(s.opts.Log, "no commands can be taken: for that the server has to be stopped", err)
		return nil
	}
	s.control = &control{l, controller(s.Rotate, s.operator)}
	return nil
}

func closeControl(s *Server) error {
	if s.control != nil {
		_ = s.control.listener.Close() // where it served, that is done
	}
	return nil
}

func takeCommands(ctx context.Context, s *Server) {
	if s.control != nil {
		s.control.serve(ctx, s.listeners.bound(ofCommands, s.control.listener, commandPlaces, 1))
	}
}

// openListeners makes the servers; Serve hands them the listeners.
func openListeners(s *Server) error {
	s.listeners = &listeners{opts: listenersOptions{
		Log: s.opts.Log, Metrics: s.metrics, Share: shareOut(s.opts.OpenFiles, len(upstreams(s.loaded))),
		Certificate: s.certificate,
		Policy:      func() *rules.Policy { return s.snapshot.Load().Policy }, NoPlace: s.refusals.noPlace,
	}}
	s.listeners.opts.Share.warn(s.opts.Log)
	s.public = s.hitsServer()
	staff := newAdmin(adminOptions{Metrics: s.metrics, API: s.api, Ready: ready(s)})
	s.admin = adminServer(s.listeners.placed(ofStaff, asksHealth, staff.serve))
	return nil
}
