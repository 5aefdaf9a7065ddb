package sdk

import "github.com/locutory/locutory/platform/wire"

// What the server answers, by its names on the wire; the fields are described in platform/wire.
type (
	Object           = wire.Object // a JSON object: metadata, context, configurable
	Time             = wire.Time
	Assistant        = wire.Assistant
	Thread           = wire.Thread
	ThreadState      = wire.ThreadState
	ThreadStorage    = wire.ThreadStorage
	ThreadTTL        = wire.ThreadTTL
	ThreadStatus     = wire.ThreadStatus
	Task             = wire.Task
	AssistantVersion = wire.AssistantVersion
	Drawing          = wire.Drawing
	GraphSchemas     = wire.GraphSchemas
	Run              = wire.Run
	RunEnded         = wire.RunEnded // what a webhook is told
	Webhook          = wire.Webhook
	Delivery         = wire.Delivery // what became of telling one
	DeliveryAttempt  = wire.DeliveryAttempt
	DeliveryStatus   = wire.DeliveryStatus
	RunStatus        = wire.RunStatus
	Cron             = wire.Cron
	Feedback         = wire.Feedback
	Interrupt        = wire.Interrupt
	Interrupts       = wire.Interrupts
	CheckpointConfig = wire.CheckpointConfig
	Item             = wire.Item
	FoundItem        = wire.FoundItem
	Info             = wire.Info
)

// What a caller sends. Zero fields are absent.
type (
	AssistantCreate   = wire.AssistantCreate
	AssistantPatch    = wire.AssistantPatch
	AssistantSearch   = wire.AssistantSearch
	AssistantCount    = wire.AssistantCount
	AssistantVersions = wire.AssistantVersions
	ThreadCreate      = wire.ThreadCreate
	ThreadPatch       = wire.ThreadPatch
	ThreadSearch      = wire.ThreadSearch
	ThreadCount       = wire.ThreadCount
	ThreadPrune       = wire.ThreadPrune
	ThreadStreamMode  = wire.ThreadStreamMode
	Superstep         = wire.Superstep
	SuperstepUpdate   = wire.SuperstepUpdate
	TTL               = wire.TTL
	Limit             = wire.Limit
	StateUpdate       = wire.StateUpdate
	StateAt           = wire.StateAt
	HistorySearch     = wire.HistorySearch
	RunCreate         = wire.RunCreate
	RunConfig         = wire.Config // tags, recursion limit, configurable: RunCreate.Config
	FeedbackCreate    = wire.FeedbackCreate
	CronCreate        = wire.CronCreate
	CronPatch         = wire.CronPatch
	CronSearch        = wire.CronSearch
	CronCount         = wire.CronCount
	Command           = wire.Command
	Send              = wire.Send
	StreamMode        = wire.StreamMode
	MultitaskStrategy = wire.MultitaskStrategy
	CancelAction      = wire.CancelAction
	BulkCancel        = wire.BulkCancel
	CancelStatus      = wire.CancelStatus
	ItemPut           = wire.ItemPut
	ItemIndex         = wire.ItemIndex
	Minutes           = wire.Minutes
	ItemSearch        = wire.ItemSearch
	NamespaceSearch   = wire.NamespaceSearch
)

// The statuses of a [Delivery].
const (
	DeliveryWaiting   = wire.DeliveryWaiting
	DeliveryDelivered = wire.DeliveryDelivered
	DeliveryFailed    = wire.DeliveryFailed
)

// The stream modes, by what they carry.
const (
	StreamValues        = wire.StreamValues        // the whole state after each step; the default
	StreamUpdates       = wire.StreamUpdates       // what each node wrote; interrupts
	StreamMessages      = wire.StreamMessagesTuple // the model's tokens, see [Event.Token] and [Event.Message]
	StreamWholeMessages = wire.StreamMessages      // the older form: each message so far
	StreamCustom        = wire.StreamCustom        // what nodes write by themselves
	StreamTasks         = wire.StreamTasks
	StreamCheckpoints   = wire.StreamCheckpoints
	StreamDebug         = wire.StreamDebug
	StreamEvents        = wire.StreamEvents
	StreamTools         = wire.StreamTools
)

// What the stream of a whole thread carries.
const (
	ThreadRunModes    = wire.ThreadRunModes    // what each run's own stream carries, and run_done at its end; the default
	ThreadLifecycle   = wire.ThreadLifecycle   // metadata at a run's start, run_done at its end
	ThreadStateUpdate = wire.ThreadStateUpdate // state_update for each write to the state
)

// What becomes of a thread whose time is over, or that is pruned.
const (
	TTLDelete     = wire.TTLDelete     // it is gone; the default
	TTLKeepLatest = wire.TTLKeepLatest // its history is
)

// Where threads and runs stand. A run that paused on an interrupt has succeeded; its thread is interrupted.
const (
	ThreadIdle        = wire.ThreadIdle
	ThreadBusy        = wire.ThreadBusy
	ThreadInterrupted = wire.ThreadInterrupted
	ThreadError       = wire.ThreadError

	RunPending     = wire.RunPending
	RunRunning     = wire.RunRunning
	RunSuccess     = wire.RunSuccess
	RunErrored     = wire.RunErrored
	RunTimeout     = wire.RunTimeout
	RunInterrupted = wire.RunInterrupted
)

// What a new run does to the unfinished ones of its thread, and what a cancel leaves behind.
const (
	MultitaskEnqueue   = wire.MultitaskEnqueue // the default
	MultitaskReject    = wire.MultitaskReject
	MultitaskInterrupt = wire.MultitaskInterrupt
	MultitaskRollback  = wire.MultitaskRollback

	CancelInterrupt = wire.CancelInterrupt // the default
	CancelRollback  = wire.CancelRollback

	CancelPending = wire.CancelPending
	CancelRunning = wire.CancelRunning
	CancelAll     = wire.CancelAll
)

// What becomes of the thread that a cron's firing made, when its run ends.
const (
	OnRunCompletedDelete = wire.OnRunCompletedDelete // the default
	OnRunCompletedKeep   = wire.OnRunCompletedKeep
)

// What creating does when the id is taken, and what a run does when its thread is missing.
const (
	IfExistsRaise     = wire.IfExistsRaise // the default
	IfExistsDoNothing = wire.IfExistsDoNothing
	IfNotExistsReject = wire.IfNotExistsReject // the default
	IfNotExistsCreate = wire.IfNotExistsCreate
)
