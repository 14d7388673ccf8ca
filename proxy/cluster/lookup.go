package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// Place is where a node stands with one kind of acts, as far as is known without opening the log.
type Place struct {
	Name     string // of the cluster, as the node has it
	Kind     string
	Identity string   // of its keys; "": not known
	At       Position // zero: nowhere, or not known
	Shared   bool     // something else says that the node has shared the log
}

// LookUp asks a server's cluster for the log that a node at a place would open, and changes nothing there. Wrong is why
// the node would be refused, or would have to wait until somebody begins the log anew: it wraps what [Open] would
// return, or [Log.Err]. Others are the clusters that have logs of that kind there, where that of this name has none; of
// nowhere, and not permitted to be asked, they are none. The error is that the servers did not tell.
func LookUp(ctx context.Context, url, creds string, trust *tls.Config, of Place) (others []string, wrong, err error) {
	nc, js, err := natslink.Dial(url, creds, trust)
	if err != nil {
		return nil, nil, err
	}
	defer nc.Close()
	names := namesOf(of.Name, of.Kind)
	s, err := natslink.Stream(ctx, js, names.stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return gone(ctx, js, of)
	case err != nil:
		return nil, nil, cannot("look up the stream "+names.stream, err)
	}
	c := s.CachedInfo().Config
	if of.Identity == "" {
		of.Identity = c.Metadata[metaIdentity]
	}
	if err := fits(c, of); err != nil {
		return nil, err, nil
	}
	origin, err := originOf(c)
	if err == nil && !of.At.IsZero() && (of.At.Stream != origin.Stream || of.At.Seq < origin.Seq) {
		err = follows(origin, of.At, names.stream)
	}
	return nil, err, nil
}

// gone looks where a log is that is not there under a cluster's name.
func gone(ctx context.Context, js jetstream.JetStream, of Place) (others []string, wrong, err error) {
	ctx, cancel := context.WithTimeout(ctx, natslink.AskLasts)
	defer cancel()
	suffix := "_" + of.Kind
	list := js.StreamNames(ctx, jetstream.WithStreamListSubject("tagwarden.*.log."+of.Kind+".>"))
	for name := range list.Name() { // none where that is not permitted
		other, is := strings.CutPrefix(strings.TrimSuffix(name, suffix), "tagwarden-")
		if !is || !strings.HasSuffix(name, suffix) {
			continue
		}
		others = append(others, other)
		s, err := js.Stream(ctx, name)
		if err == nil && !of.At.IsZero() && s.CachedInfo().Config.Metadata[metaID] == of.At.Stream {
			return others, fmt.Errorf(
				"%w: this node has come some way in the log of the cluster %s, and its server file says %s",
				ErrOtherCluster, other, of.Name), nil
		}
	}
	slices.Sort(others)
	if of.At.IsZero() && !of.Shared {
		return others, nil, nil
	}
	return others, fmt.Errorf("%w: there is no stream %s, and this node has shared one: %s",
		ErrMissing, namesOf(of.Name, of.Kind).stream, missingAdvice), nil
}
