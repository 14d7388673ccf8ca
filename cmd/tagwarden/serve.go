package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/memory"
)

// drain is how long hits under way are waited for at the end.
const drain = 4 * time.Second

func serve(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("serve", "--config FILE")
	file := f.String("config", "tagwarden.yaml", "the server file")
	if rest, code, done := t.parse(f, args); done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	loaded, code := t.load(*file)
	if loaded == nil {
		return code
	}
	options := proxy.Options{Version: version, Log: logger(t), Now: t.now, Silent: silence,
		Memory: memory.Available(os.DirFS("/"))}
	collect(options.Memory, loaded.Server.Limits.Memory)
	var err error
	if options.Root, err = rootFor(ctx, &loaded.Server); err != nil {
		t.fail("%v", err)
		return usage
	}
	s, err := proxy.New(loaded, options)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	hits, admin, err := listen(loaded)
	if err != nil {
		t.fail("%v", err)
		t.hint("where it listens %s says, by listen and admin: { listen }", *file)
		return usage
	}
	return t.serving(ctx, s, hits, admin, options.Log)
}

// The collector works harder from this share of the memory on that the process may have, in percent, and from twice the
// budget of hits on and what else there is, in bytes: what was given back lies around as garbage for a while.
const (
	collectAt = 65
	besides   = 128 << 20
)

// collect tells Go's collector how much memory there is, unless the operator has (GOMEMLIMIT).
func collect(available int, budget config.Memory) {
	if _, said := os.LookupEnv("GOMEMLIMIT"); said || available == 0 {
		return
	}
	debug.SetMemoryLimit(int64(min(available/100*collectAt, 2*budget.Of(available)+besides)))
}

func listen(loaded *config.Loaded) (hits, admin net.Listener, err error) {
	if hits, err = net.Listen("tcp", loaded.Server.Listen); err != nil {
		return nil, nil, fmt.Errorf("cannot listen for hits: %w", err)
	}
	if admin, err = net.Listen("tcp", loaded.Server.Admin.Listen); err != nil {
		_ = hits.Close()
		return nil, nil, fmt.Errorf("cannot listen for staff: %w", err)
	}
	return hits, admin, nil
}

// serving runs the server until the context ends, reloading at SIGHUP and when files change.
func (t *terminal) serving(ctx context.Context, s *proxy.Server, hits, admin net.Listener, log *zap.Logger) int {
	t.endsTidily()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(hits, admin) }()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		if err := s.Watch(stop); err != nil {
			log.Error("files are not watched: SIGHUP reloads", zap.Error(err))
		}
	}()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	printf(t.out, "ready hits=%s admin=%s policy=%s\n", hits.Addr(), admin.Addr(), s.Policy())
	go giveBackStart()
	for {
		select {
		case <-hup:
			switch err := s.Reload(); {
			case errors.Is(err, proxy.ErrRefusedBefore):
				log.Info("reload: the files are as they were when they were refused; the policy that was there goes on")
			case err != nil:
				log.Error("reload refused: the policy that was there goes on", zap.Error(err))
			default:
				log.Info("reloaded", zap.String("policy", s.Policy()))
			}
		case <-ctx.Done():
			within, cancel := context.WithTimeout(context.Background(), drain)
			defer cancel()
			if err := s.Shutdown(within); err != nil {
				log.Warn("not every hit could be waited for", zap.Error(err))
			}
			if err := <-ended; err != nil {
				t.fail("%v", err)
				return findings
			}
			return fine
		case err := <-ended:
			if err != nil {
				t.fail("%v", err)
			}
			return findings
		}
	}
}

// giveBackStart returns to the system what a start took and is not kept: it reads the catalog, policies and the
// objections' log, by code that is not used again.
func giveBackStart() {
	debug.FreeOSMemory()
	letGoOfOwnPages()
}

// load reads a configuration, or says what is wrong with it.
func (t *terminal) load(file string) (*config.Loaded, int) {
	loaded, err := config.Load(file)
	if err != nil {
		printf(t.err, "%v\n", err)
		beginBy(t, file)
		return nil, usage
	}
	return loaded, fine
}

// defaultFile is the server file where no flag names one.
const defaultFile = "tagwarden.yaml"

// beginBy says what to do where no server file was named and none is here.
func beginBy(t *terminal, file string) {
	if file == defaultFile && missing(file) {
		t.hint("none is in this folder: --config FILE names another, and `tagwarden init shop` writes one to begin with, " +
			"shop/tagwarden.yaml")
	}
}

// logger writes what operators look at, as JSON lines, to where errors go. Of one message five are
// written in ten seconds: where every hit fails, on a full disk say, the log does not fill another.
// How often it happened the metrics say.
func logger(t *terminal) *zap.Logger {
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.Lock(zapcore.AddSync(t.err)), zap.InfoLevel)
	return zap.New(zapcore.NewSamplerWithOptions(core, 10*time.Second, 5, 0))
}

// orUsage ends a verb that was given what it does not take.
func orUsage(t *terminal, code int, rest []string) int {
	if len(rest) > 0 {
		t.fail("%q is one word too many", rest[0])
		return usage
	}
	return code
}
