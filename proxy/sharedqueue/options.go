package sharedqueue

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"time"
)

// Options say where a queue is, and how it is used. Zero values take the defaults given.
type Options struct {
	Cluster  string             // name of the cluster, as every node has it
	Node     string             // of this node, as no other has it
	URLs     []string           // of the NATS servers
	Creds    string             // a file with credentials; "": none
	TLS      func() *tls.Config // of each connection; nil: as the URLs say
	Identity string             // public name of the keys, as every node has it
	Key      [32]byte           // that what is sealed here is derived from, as every node has it

	Size int64         // bytes that the stream may take; 4 GiB
	Wait time.Duration // how long Put waits for the quorum; 3 s
	Come time.Duration // how long Open waits for the servers; as long as Put
	Ack  time.Duration // after how long a message is handed to another node whose taker is silent; 30 s
	Find bool          // there is only a stream where one is found: none is made

	// MayMake says why no stream may be made yet; nil, and where it returns nil: one may. A
	// stream that is found needs no leave.
	MayMake func() error

	Note func(what string, err error) // told what happens, for the operators' log; nil: nobody is

	Now  func() time.Time // time.Now
	Rand io.Reader        // crypto/rand.Reader
}

// Errors.
var (
	// ErrFull says that the stream has all the room that it may take.
	ErrFull = errors.New("the cluster's queue is full")
	// ErrNotPut says that the quorum could not be reached: nothing was put, and never will be.
	ErrNotPut = errors.New("the cluster's queue cannot be reached")
	// ErrUnknown says that nobody knows whether it was put: the answer of the quorum did not come.
	ErrUnknown = errors.New("the cluster's queue did not answer")
	// ErrLost says that another node has the message by now.
	ErrLost = errors.New("another node has it")
	// ErrOther says that a stream of that name is not this cluster's.
	ErrOther = errors.New("a stream of that name is not this cluster's")
	// ErrNone says that there is no stream, and none is to be made.
	ErrNone   = errors.New("there is no queue on the cluster")
	errSealed = errors.New("it was sealed under another key, or is damaged")
)

func (o *Options) complete() error {
	o.Size = cmp.Or(o.Size, 4<<30)
	o.Wait, o.Ack = cmp.Or(o.Wait, 3*time.Second), cmp.Or(o.Ack, 30*time.Second)
	o.Come = cmp.Or(o.Come, o.Wait)
	if o.MayMake == nil {
		o.MayMake = func() error { return nil }
	}
	if o.Note == nil {
		o.Note = func(string, error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Cluster == "" || o.Node == "" || o.Identity == "" || len(o.URLs) == 0 || o.Key == [32]byte{} {
		return errors.New("a cluster's name, a node's, its keys and the servers' addresses are needed")
	}
	return nil
}
