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
