package natslink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Replicas is of how many servers a stream has copies; of a server that is alone it has
// one, which a check of the servers says.
const Replicas = 3

// JetStream's numbers of errors.
const (
	codeOneServer jetstream.ErrorCode = 10074 // replicas > 1 not supported in non-clustered mode
	codeNoPeers   jetstream.ErrorCode = 10005 // no suitable peers for placement
)

// Code returns JetStream's number of an error; 0: it is none of JetStream's.
func Code(err error) jetstream.ErrorCode {
	if api, is := errors.AsType[*jetstream.APIError](err); is {
		return api.ErrorCode
	}
	return 0
}

// Make makes a stream with [Replicas] copies, or one where the server is alone. It is
// [jetstream.ErrStreamNameAlreadyInUse] where another node was first with another configuration.
func Make(ctx context.Context, js jetstream.JetStream, c jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, AskLasts)
	defer cancel()
	c.Replicas = Replicas
	s, err := js.CreateStream(ctx, c)
	switch Code(err) {
	case codeOneServer: // a trial
		c.Replicas = 1
		return js.CreateStream(ctx, c)
	case codeNoPeers:
		return nil, fmt.Errorf("the cluster has not three servers with JetStream and room for the stream: %w", err)
	default:
		return s, err
	}
}

// Fit changes a stream that another version made, or a node with another configuration, to what is wanted of it, and
// leaves alone what it holds: subjects that it lacks are added, and it may get as large as is wanted where that is
// bounded. Subjects that it has beyond are those of a newer version, whose nodes need them. What else is not as it
// was made is not changed here: a check of the servers says what is wrong with it. The error says what to do.
func Fit(ctx context.Context, js jetstream.JetStream, s jetstream.Stream, want jetstream.StreamConfig) (
	jetstream.Stream, error) {
	is := s.CachedInfo().Config
	lacking := Lacking(is, want)
	larger := want.MaxBytes > 0 && is.MaxBytes != want.MaxBytes
	if len(lacking) == 0 && !larger {
		return s, nil
	}
	edit := "`nats stream edit " + is.Name
	var what []string
	if len(lacking) > 0 {
		is.Subjects = slices.Concat(is.Subjects, lacking)
		what = append(what, "add the subjects "+strings.Join(lacking, " and ")+" to")
		edit += " --subjects " + strings.Join(is.Subjects, ",")
	}
	if larger {
		is.MaxBytes = want.MaxBytes
		what = append(what, fmt.Sprintf("give %d bytes to", want.MaxBytes))
		edit += fmt.Sprintf(" --max-bytes %d", want.MaxBytes)
	}
	ctx, cancel := context.WithTimeout(ctx, AskLasts)
	defer cancel()
	changed, err := js.UpdateStream(ctx, is)
	if err != nil {
		return nil, fmt.Errorf(
			"cannot %s the stream %s: %w; where the servers refuse that, permit $JS.API.STREAM.UPDATE.%s to this "+
				"node's credentials, give the servers room (max_file_store), or change it: %s`", strings.Join(what, " and "),
			is.Name, err, is.Name, edit)
	}
	return changed, nil
}

// Lacking are the subjects that are wanted of a stream and that it does not take.
func Lacking(is, want jetstream.StreamConfig) (lacking []string) {
	for _, subject := range want.Subjects {
		if !slices.Contains(is.Subjects, subject) {
			lacking = append(lacking, subject)
		}
	}
	return lacking
}
