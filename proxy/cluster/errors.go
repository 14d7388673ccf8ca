package cluster

import (
	"errors"

	"github.com/tagwarden/tagwarden/proxy/natslink"
)

// Why a log is refused: nothing of it is applied, and the node is stale, until what stands in the stream fits again.
// Each comes wrapped in a sentence that says what to do.
var (
	// ErrMissing says that the cluster has no such stream, though this node, or another one, has come some way in it.
	ErrMissing = errors.New("the cluster's log is missing")
	// ErrBegunAnew says that the log was begun anew ([Restore]) at another place than this node has come to.
	ErrBegunAnew = errors.New("the cluster's log was begun anew")
	// ErrOtherLog says that the stream is not the one in which this node has come some way.
	ErrOtherLog = errors.New("the cluster has another log")
	// ErrOtherCluster says that the stream was made for a cluster, or a kind of acts, of another name.
	ErrOtherCluster = errors.New("the log is of another cluster")
	// ErrOtherIdentity says that acts in the stream are made with other keys.
	ErrOtherIdentity = errors.New("the log is made with other keys")
	// ErrOtherBase says that the node has come nowhere in the log, and holds something else than the log began with.
	ErrOtherBase = errors.New("the log began with something else")
	// ErrNewer says that a newer version of the program wrote the stream, or a message in it.
	ErrNewer = errors.New("a newer version wrote this")
	// ErrBehind says that the stream ends before what this node has applied.
	ErrBehind = errors.New("the log is behind this node")
	// ErrLost says that acts are missing in the stream.
	ErrLost = errors.New("acts are missing in the log")
	// ErrDiverged says that the stream holds other acts than this node, or another one, has applied.
	ErrDiverged = errors.New("the log holds other acts than were applied")
	// ErrDamaged says that an entry is not what its writer wrote.
	ErrDamaged = errors.New("an entry of the log is damaged")
	// ErrNotOurs says that the stream has messages that no node wrote, where only nodes write.
	ErrNotOurs = errors.New("the stream was not made by tagwarden")
	// ErrUnauthorized says that the servers do not take this node's credentials, or do not permit it what it needs.
	ErrUnauthorized = natslink.ErrUnauthorized
)

// How an append ends that did not succeed.
var (
	// ErrNotAppended says that the act is not in the log, and will not be.
	ErrNotAppended = errors.New("not appended")
	// ErrUnknown says that the act may be in the log, or come to be: append it again under the same id.
	ErrUnknown = errors.New("not known whether it was appended")
	// ErrThere says that a log is not begun anew, for there is one.
	ErrThere = errors.New("the cluster has a log")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("the log is closed")
)

// refusals are the errors that mean that the log may not be applied.
var refusals = []error{ErrMissing, ErrBegunAnew, ErrOtherLog, ErrOtherCluster, ErrOtherIdentity, ErrOtherBase,
	ErrNewer, ErrBehind, ErrLost,
	ErrDiverged, ErrDamaged, ErrNotOurs, ErrUnauthorized}

// isRefusal says whether an error means that the log may not be applied, and not only that it cannot be read just now.
func isRefusal(err error) bool {
	for _, r := range refusals {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}
