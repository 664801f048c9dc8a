package quic

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"time"

	quicgo "github.com/quic-go/quic-go"
)

const (
	silence = 3 * time.Second        // a handshake without an answer ends; twice that is how long one may take
	idle    = 15 * time.Second       // a silent peer is lost
	beat    = 3 * time.Second        // how often a client says something
	parting = 200 * time.Millisecond // how long a socket is there to repeat the last goodbye

	maxStreams  = 128       // of a client in one QUIC connection; a host allows twice as many
	maxRequests = 64        // for more streams that the host has not read yet
	firstWindow = 512 << 10 // what a peer may send that has not been read, per stream
	lastWindow  = 2 << 20   // the same, when the reader has kept up
	wholeWindow = 2 * maxStreams * lastWindow
	maxHalfOpen = 512 // handshakes of a listener
	idLength    = 20  // of a listener's connection IDs: with less, packets of clients would be too short for a stateless reset
)

// lingering is how long a closed connection waits for the peer to close it, too.
var lingering = 10 * time.Second

// manyHalfOpen is how many handshakes a listener has under way when it begins to make clients prove their address.
var manyHalfOpen int32 = 64

// quicConfig is what both sides have in common. The whole connection's window is that of all its streams, so that one which is not
// read does not hold up others.
func (t *Transport) quicConfig() *quicgo.Config {
	return &quicgo.Config{
		HandshakeIdleTimeout:           silence,
		MaxIdleTimeout:                 idle,
		InitialStreamReceiveWindow:     firstWindow,
		MaxStreamReceiveWindow:         lastWindow,
		InitialConnectionReceiveWindow: wholeWindow,
		MaxConnectionReceiveWindow:     wholeWindow,
		MaxIncomingStreams:             -1,
		MaxIncomingUniStreams:          -1,
		EnableDatagrams:                true,
	}
}

func (t *Transport) listenConfig() *quicgo.Config {
	c := t.quicConfig()
	c.MaxIncomingUniStreams = maxRequests
	c.Allow0RTT = t.early
	return c
}

func (t *Transport) dialConfig(key string) *quicgo.Config {
	c := t.quicConfig()
	c.MaxIncomingStreams = 2 * maxStreams
	c.TokenStore = tokens{t.tokens, key}
	return c
}

// resetKey derives the key of stateless resets from the host's private key, so that it is the same when the host runs again. It
// returns nil if the private key cannot be read: there are no resets then.
func resetKey(own *tls.Certificate) *quicgo.StatelessResetKey {
	secret, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		return nil
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "qtro quic stateless reset", len(quicgo.StatelessResetKey{}))
	if err != nil {
		return nil
	}
	return (*quicgo.StatelessResetKey)(key)
}

// tokens are the proofs of our address that one host gave. quic-go would keep them by the host's name alone.
type tokens struct {
	quicgo.TokenStore
	key string
}

func (s tokens) Pop(string) *quicgo.ClientToken      { return s.TokenStore.Pop(s.key) }
func (s tokens) Put(_ string, t *quicgo.ClientToken) { s.TokenStore.Put(s.key, t) }
