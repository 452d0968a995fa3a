package deploy

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	manyPods = "../../deploy/kubernetes/many-pods"
	onePod   = "../../deploy/kubernetes/one-pod"
)
