// Package natslink connects to the NATS servers of a cluster, as everything of a node does that it keeps there, says in
// words why it cannot, and makes streams. It knows nothing of what they hold.
package natslink
