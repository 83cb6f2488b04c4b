; SPDX-License-Identifier: LGPL-3.0-or-later
; The words of gimp-rows.scm in which GIMP 3.0 differs from GIMP 2.10.

(define (open-picture name)
  (car (gimp-file-load RUN-NONINTERACTIVE (string-append folder "/" name))))

(define (only-layer image) (vector-ref (car (gimp-image-get-selected-layers image)) 0))

(define (layers image) (vector->list (car (gimp-image-get-layers image))))

; Only what is given is exported, so it goes into an image of its own.
(define (save image drawable name)
  (file-png-export #:run-mode RUN-NONINTERACTIVE #:image (alone image drawable) #:file (string-append folder "/" name)
                   #:save-transparent TRUE #:include-color-profile TRUE))

(define (alone image drawable)
  (let* ((new (car (gimp-image-duplicate image)))
         (others (layers new))
         (layer (car (gimp-layer-new-from-drawable drawable new))))
    (gimp-image-insert-layer new layer 0 0)
    (if (> (car (gimp-layer-get-mask layer)) 0) (gimp-layer-remove-mask layer MASK-DISCARD))
    (for-each (lambda (other) (gimp-image-remove-layer new other)) others)
    (gimp-image-resize-to-layers new)
    new))

; The layer with the result, or -1 after an error, which GIMP has written to standard error.
(define (translate-so image drawable model mode size detail apply-what strength output)
  (catch -1 (vector-ref (car (plug-in-cyclegan-translate
    #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector drawable) #:model model
    #:size-mode (vector-ref #("auto" "size" "full") mode) #:size size #:detail detail
    #:apply (vector-ref #("all" "colour" "light") apply-what) #:strength strength
    #:output (vector-ref #("new-layer" "replace" "live-filter") output))) 0)))

; GIMP checks values, and keeps those of the last time.
(define version 3)

(define (offsets layer) (gimp-drawable-get-offsets layer))
(define (width layer) (car (gimp-drawable-get-width layer)))
(define (height layer) (car (gimp-drawable-get-height layer)))
(define (new-group image) (car (gimp-group-layer-new image "Layer Group")))
(define (new-channel image name) (car (gimp-channel-new image name 48 36 50 '(0 0 0))))
(define (dirt image) (car (gimp-image-is-dirty image)))

; A filter's pixels are seen when it is merged.
(define (save-merged image name)
  (let* ((copy (car (gimp-image-duplicate image))))
    (gimp-drawable-merge-filters (only-layer copy))
    (save copy (only-layer copy) name)))

(define (live-rows)
  (let* ((image (open-picture "rgb.png")) (layer (only-layer image)))
    (say "live-same" (= layer (translate image layer "tiny" 1 20 0.5 2)))
    (say-layers "live-layers" image)
    (gimp-file-save RUN-NONINTERACTIVE image (path "live.xcf"))
    (save-merged image "live-replaced.png")
    (save-merged (open-picture "live.xcf") "live-loaded-replaced.png"))
  (let* ((image (open-picture "rgb.png")) (layer (only-layer image)))
    (say "live-missing" (translate image layer "missing" 1 20 0.5 2))
    (say "live-path" (translate image layer (path "tiny.safetensors") 1 20 0.5 2))
    ; a picture without pixels of its own, whose size is all that counts
    (let* ((large (car (gimp-image-new 12000 9000 RGB)))
           (sheet (car (gimp-layer-new large "Sheet" 12000 9000 RGB-IMAGE 100 LAYER-MODE-NORMAL))))
      (gimp-image-insert-layer large sheet 0 0)
      (say "live-slow" (translate large sheet "tiny" 2 20 0.5 2)))
    (gimp-image-select-rectangle image CHANNEL-OP-REPLACE 0 0 9 9)
    (say "live-selected" (translate image layer "tiny" 1 20 0.5 2))))

(define (several-rows)
  (let* ((image (open-picture "rgb.png"))
         (bottom (only-layer image))
         (top (car (gimp-file-load-layer RUN-NONINTERACTIVE image (path "pixel.png")))))
    (gimp-image-insert-layer image top 0 0)
    (let* ((results (car (plug-in-cyclegan-translate
             #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector top bottom) #:model "tiny" #:detail 0.7))))
      (say "several-results" (vector-length results))
      (say "several-layers" (length (layers image)))
      (save image (vector-ref results 0) "several-0-replaced.png")
      (save image (vector-ref results 1) "several-1-replaced.png"))))
